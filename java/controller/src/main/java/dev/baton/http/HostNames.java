package dev.baton.http;

import java.net.IDN;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Host names in the one form in which they are compared: lower case, A-labels, no trailing dot; an
 * IPv4 address in four decimal numbers; an IPv6 address in brackets as RFC 5952 writes it.
 *
 * <p>Requests and cluster.yaml go through the same function. Stricter than RFC 3986's reg-name, for
 * what is no DNS name is no site: letters, digits, {@code -} and {@code _} only; no
 * percent-encoding; a name whose last label is a number must be a whole IPv4 address. U-labels
 * follow IDNA 2003, which the JDK brings; the four characters on which IDNA 2008 disagrees with it
 * ({@code ß}, {@code ς} and the zero-width joiners) are refused, so that no name means two things.
 */
public final class HostNames {
  private static final int NAME_MAX = 253;
  private static final int LABEL_MAX = 63;

  private HostNames() {}

  /**
   * Normalises a host without its port.
   *
   * @return null if it is not valid
   */
  public static @Nullable String normalize(String host) {
    if (host.length() > NAME_MAX + 1) {
      // Before IDN: its time grows with the square, and beyond 2000 characters it throws.
      return null;
    }
    if (host.startsWith("[")) {
      return host.endsWith("]") ? ipv6(host.substring(1, host.length() - 1)) : null;
    }
    String name = host;
    if (!isAscii(name)) {
      name = toALabels(name);
      if (name == null) {
        return null;
      }
    }
    name = name.toLowerCase(Locale.ROOT);
    if (name.endsWith(".")) {
      name = name.substring(0, name.length() - 1);
    }
    return isName(name) ? name : null;
  }

  /** Whether a normalised host is an address rather than a name. */
  public static boolean isAddress(String normalized) {
    return normalized.startsWith("[") || isIpv4(normalized);
  }

  /** Four decimal numbers up to 255, none with a leading zero. */
  static boolean isIpv4(String text) {
    int parts = 0;
    int start = 0;
    while (true) {
      int dot = text.indexOf('.', start);
      int end = dot < 0 ? text.length() : dot;
      if (!isOctet(text, start, end)) {
        return false;
      }
      parts++;
      if (dot < 0) {
        return parts == 4;
      }
      start = dot + 1;
    }
  }

  private static boolean isOctet(String text, int start, int end) {
    int length = end - start;
    if (length < 1 || length > 3 || (length > 1 && text.charAt(start) == '0')) {
      return false;
    }
    int value = 0;
    for (int i = start; i < end; i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return false;
      }
      value = value * 10 + digit;
    }
    return value <= 255;
  }

  private static boolean isName(String name) {
    if (name.isEmpty() || name.length() > NAME_MAX) {
      return false;
    }
    int start = 0;
    for (int i = 0; i <= name.length(); i++) {
      if (i == name.length() || name.charAt(i) == '.') {
        if (!isLabel(name, start, i)) {
          return false;
        }
        start = i + 1;
      }
    }
    String last = name.substring(name.lastIndexOf('.') + 1);
    return !looksNumeric(last) || isIpv4(name);
  }

  private static boolean isLabel(String name, int start, int end) {
    if (end == start || end - start > LABEL_MAX) {
      return false;
    }
    if (name.charAt(start) == '-' || name.charAt(end - 1) == '-') {
      return false;
    }
    for (int i = start; i < end; i++) {
      char c = name.charAt(i);
      if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_') {
        return false;
      }
    }
    return true;
  }

  /** Some readers take {@code 0x7f.1} or {@code 1.2} for an address: nothing like that passes. */
  private static boolean looksNumeric(String label) {
    boolean digits = label.chars().allMatch(c -> c >= '0' && c <= '9');
    return digits
        || (label.startsWith("0x")
            && label.chars().skip(2).allMatch(c -> Character.digit(c, 16) >= 0));
  }

  private static boolean isAscii(String text) {
    return text.chars().allMatch(c -> c < 0x80);
  }

  private static @Nullable String toALabels(String name) {
    for (int i = 0; i < name.length(); i++) {
      switch (name.charAt(i)) {
        // Characters on which IDNA 2003 and 2008 disagree, and other alphabets' full stops.
        case 'ß', 'ς', '\u200c', '\u200d', 'ẞ', '\u3002', '\uff0e', '\uff61' -> {
          return null;
        }
        default -> {}
      }
    }
    try {
      String ascii = IDN.toASCII(name, IDN.USE_STD3_ASCII_RULES);
      // Compatibility mapping must not have made new labels.
      return isAscii(ascii) && dots(ascii) == dots(name) ? ascii : null;
    } catch (RuntimeException e) {
      // IDN promises IllegalArgumentException, and throws others too, depending on the text.
      return null;
    }
  }

  private static long dots(String text) {
    return text.chars().filter(c -> c == '.').count();
  }

  private static @Nullable String ipv6(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c > 0x7f || (Character.digit(c, 16) < 0 && c != ':' && c != '.')) {
        return null;
      }
    }
    int tail = text.lastIndexOf(':') + 1;
    if (tail == 0 || (text.indexOf('.') >= 0 && !isIpv4(text.substring(tail)))) {
      return null;
    }
    try {
      InetAddress address = InetAddress.ofLiteral(text);
      // The JDK turns IPv4-mapped addresses into IPv4 ones.
      return address instanceof Inet4Address
          ? "[::ffff:" + address.getHostAddress() + "]"
          : "[" + compressed(address.getAddress()) + "]";
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /**
   * RFC 5952: the longest run of at least two zero groups becomes {@code ::}, the first of equals.
   */
  private static String compressed(byte[] address) {
    int[] groups = new int[8];
    for (int i = 0; i < 8; i++) {
      groups[i] = (address[2 * i] & 0xff) << 8 | (address[2 * i + 1] & 0xff);
    }
    int bestStart = -1;
    int bestLength = 1;
    for (int i = 0; i < 8; i++) {
      int end = i;
      while (end < 8 && groups[end] == 0) {
        end++;
      }
      if (end - i > bestLength) {
        bestStart = i;
        bestLength = end - i;
      }
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      if (i == bestStart) {
        text.append("::");
        i += bestLength - 1;
        continue;
      }
      if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
        text.append(':');
      }
      text.append(Integer.toHexString(groups[i]));
    }
    return text.toString();
  }
}
