package dev.baton.address;

import java.net.InetAddress;
import java.util.regex.Pattern;

/**
 * All addresses of one family that begin alike.
 *
 * @param network the first of them: bits behind the prefix are zero
 * @param length bits that count, 0 to 32 or 128
 */
public record Prefix(Ip network, int length) {
  /** No leading zeros: some readers take such numbers for octal ones. */
  private static final Pattern ADDRESS =
      Pattern.compile(
          "(?:0|[1-9][0-9]{0,2})(?:\\.(?:0|[1-9][0-9]{0,2})){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

  private static final int MAPPED_BITS = 96;
  private static final int V4_BITS = 32;
  private static final int V6_BITS = 128;

  /**
   * Reads {@code 10.0.0.0/8}, {@code fd00::/16}, or a lone address.
   *
   * @throws IllegalArgumentException for anything else, for an IPv4-mapped address, and where bits
   *     behind the prefix are set: one of both would be a mistake
   */
  public static Prefix parse(String text) {
    int slash = text.indexOf('/');
    String address = slash < 0 ? text : text.substring(0, slash);
    if (!ADDRESS.matcher(address).matches()) {
      throw new IllegalArgumentException(text);
    }
    Ip ip = Ip.of(InetAddress.ofLiteral(address));
    int bits = ip.isV4() ? V4_BITS : V6_BITS;
    if (ip.isV4() == address.contains(":")) {
      throw new IllegalArgumentException(text);
    }
    if (slash < 0) {
      return new Prefix(ip, bits);
    }
    String digits = text.substring(slash + 1);
    int length = digits.matches("0|[1-9][0-9]{0,2}") ? Integer.parseInt(digits) : bits + 1;
    if (length > bits || !new Ip().set(ip).keep(inSixteenBytes(ip, length)).equals(ip)) {
      throw new IllegalArgumentException(text);
    }
    return new Prefix(ip, length);
  }

  private static int inSixteenBytes(Ip ip, int length) {
    return ip.isV4() ? MAPPED_BITS + length : length;
  }

  /** Whether an address of either family is one of them. */
  public boolean contains(Ip address) {
    if (address.isV4() != network.isV4()) {
      return false;
    }
    return new Ip().set(address).keep(inSixteenBytes(network, length)).equals(network);
  }

  @Override
  public String toString() {
    return network + "/" + length;
  }
}
