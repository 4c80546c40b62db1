package dev.baton.config;

import dev.baton.address.Ip;
import dev.baton.address.Prefix;
import dev.baton.http.HostNames;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The kinds of value that Baton's files are made of. */
public final class Scalars {
  private static final Pattern IPV4 =
      Pattern.compile("(0|[1-9][0-9]{0,2})(?:\\.(0|[1-9][0-9]{0,2})){3}");
  private static final Pattern DURATION =
      Pattern.compile("(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?(?:([0-9]{1,6})ms)?");

  private static final Ip BROADCAST = new Ip().setV4(-1);

  /** A TCP port. */
  public static final Scalar<Integer> PORT = Scalar.integer("a port", 1, 65535);

  /** {@code true} or {@code false}. */
  public static final Scalar<Boolean> BOOLEAN =
      new Scalar<>(
          "true or false",
          text ->
              switch (text) {
                case "true" -> true;
                case "false" -> false;
                default -> throw new IllegalArgumentException(text);
              });

  /** An address of either family; no name is ever looked up, and a scope has no place in it. */
  public static final Scalar<Ip> ADDRESS =
      new Scalar<>("an address such as 10.0.1.1 or \"fd00::1\"", Scalars::address);

  /** Addresses that begin alike. */
  public static final Scalar<Prefix> PREFIX =
      new Scalar<>("a prefix such as 10.0.0.0/8 or \"fd00::/16\"", Prefix::parse);

  /** The address of one host that others can reach. */
  public static final Scalar<Ip> HOST_ADDRESS =
      new Scalar<>(ADDRESS.expected(), Scalars::hostAddress);

  /** One DNS label in lower case: a node's name is part of host names. */
  public static final Scalar<String> NODE_NAME =
      matching(
          "a node's name: at most 63 of a-z, 0-9 and -, no - at either end",
          "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?");

  /** What Linux accepts as the name of a network interface. */
  public static final Scalar<String> INTERFACE =
      matching("a network interface's name, at most 15 bytes", "(?!\\.{1,2}$)[!-.0-9;-~]{1,15}");

  /** A path from the root. */
  public static final Scalar<Path> ABSOLUTE_PATH =
      new Scalar<>("a path from the root", Scalars::absolutePath);

  /** A domain name, normalised as in a request. */
  public static final Scalar<String> DOMAIN =
      new Scalar<>(
          "a domain name such as cloud",
          text -> {
            String name = HostNames.normalize(text);
            if (name == null || HostNames.isAddress(name)) {
              throw new IllegalArgumentException(text);
            }
            return name;
          });

  /** {@code ADDRESS:PORT} or {@code [ADDRESS]:PORT}. */
  public static final Scalar<InetSocketAddress> SOCKET_ADDRESS =
      new Scalar<>(
          "an address and a port such as 127.0.0.1:9180 or \"[::1]:9180\"",
          text -> {
            int colon = text.lastIndexOf(':');
            if (colon < 0) {
              throw new IllegalArgumentException(text);
            }
            String host = text.substring(0, colon);
            Ip address = address(host);
            if (host.startsWith("[") == address.isV4()) {
              throw new IllegalArgumentException(text);
            }
            return new InetSocketAddress(
                address.toInet(), PORT.read().apply(text.substring(colon + 1)));
          });

  private Scalars() {}

  /** A duration such as {@code 500ms}, {@code 10s} or {@code 2h15m}, both ends included. */
  public static Scalar<Duration> duration(Duration min, Duration max) {
    return new Scalar<>(
        "a duration such as 500ms, 10s or 2h15m, from " + text(min) + " to " + text(max),
        text -> {
          Matcher m = DURATION.matcher(text);
          if (text.isEmpty() || !m.matches()) {
            throw new IllegalArgumentException(text);
          }
          Duration value =
              Duration.ofHours(number(m, 1))
                  .plusMinutes(number(m, 2))
                  .plusSeconds(number(m, 3))
                  .plusMillis(number(m, 4));
          if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
            throw new IllegalArgumentException(text);
          }
          return value;
        });
  }

  /** The text that {@link #duration} reads back as the same value, to the millisecond. */
  public static String text(Duration d) {
    StringBuilder text = new StringBuilder();
    append(text, d.toHours(), "h");
    append(text, d.toMinutesPart(), "m");
    append(text, d.toSecondsPart(), "s");
    append(text, d.toMillisPart(), "ms");
    return text.isEmpty() ? "0s" : text.toString();
  }

  private static void append(StringBuilder text, long value, String unit) {
    if (value != 0) {
      text.append(value).append(unit);
    }
  }

  private static long number(Matcher m, int group) {
    String digits = m.group(group);
    return digits == null ? 0 : Long.parseLong(digits);
  }

  private static Scalar<String> matching(String expected, String regex) {
    Pattern pattern = Pattern.compile(regex);
    return new Scalar<>(
        expected,
        text -> {
          if (!pattern.matcher(text).matches()) {
            throw new IllegalArgumentException(text);
          }
          return text;
        });
  }

  private static Path absolutePath(String text) {
    Path path = Path.of(text);
    if (!path.isAbsolute() || text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(text);
    }
    return path.normalize();
  }

  private static Ip hostAddress(String text) {
    Ip ip = address(text);
    InetAddress address = ip.toInet();
    if (address.isAnyLocalAddress()
        || address.isLoopbackAddress()
        || address.isMulticastAddress()
        || ip.equals(BROADCAST)) {
      throw new Scalar.Refused(
          "expected the address of one host in the network, found \"%s\"".formatted(text));
    }
    return ip;
  }

  private static Ip address(String text) {
    if (IPV4.matcher(text).matches()) {
      return Ip.of(InetAddress.ofLiteral(text));
    }
    boolean brackets = text.startsWith("[") && text.endsWith("]");
    String bare = brackets ? text.substring(1, text.length() - 1) : text;
    if (bare.indexOf(':') < 0 || bare.indexOf('%') >= 0) {
      throw new IllegalArgumentException(text);
    }
    InetAddress address = InetAddress.ofLiteral(bare);
    if (!(address instanceof Inet6Address)) {
      throw new IllegalArgumentException(text); // IPv4-mapped: it is IPv4, and written so
    }
    if (address.isLinkLocalAddress()) {
      throw new Scalar.Refused(
          "a link-local address is none without its interface, expected another, found \"%s\""
              .formatted(text));
    }
    return Ip.of(address);
  }
}
