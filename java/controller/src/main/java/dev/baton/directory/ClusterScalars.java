package dev.baton.directory;

import dev.baton.config.Scalar;
import dev.baton.config.Scalars;
import dev.baton.http.HostNames;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The kinds of value that cluster.yaml and the commands on its things are made of. */
public final class ClusterScalars {
  private static final int PATH_MAX = 1024;

  /** Unreserved characters, sub-delims, ":", "@" (RFC 3986, 3.3), and percent-encodings. */
  private static final Pattern PATH =
      Pattern.compile("(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2})*)+");

  /** Segments that requests never have after they were normalised. */
  private static final Pattern DOTS_OR_EMPTY = Pattern.compile(".*(?://|/\\.{1,2}(?:/|$)).*");

  /** Of characters that are as good without it (RFC 3986, 2.3). */
  private static final Pattern NEEDLESS =
      Pattern.compile(".*%(?:2D|2E|5F|7E|3[0-9]|[46][1-9A-F]|[57][0-9A]).*");

  private static final Pattern RANGE = Pattern.compile("([0-9]{1,18})-([0-9]{1,18})");
  private static final Pattern STATUS = Pattern.compile("([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?");

  /** A site's host. */
  public static final Scalar<String> HOST =
      new Scalar<>(
          "a host such as www.example.org, \"*.example.org\" or default", ClusterScalars::host);

  /** A group's name. */
  public static final Scalar<String> GROUP_NAME =
      new Scalar<>(
          "a group's name: at most 63 of a-z, 0-9 and -, no - at either end",
          Scalars.NODE_NAME.read());

  /** A part's path. */
  public static final Scalar<String> PATH_OF_PART =
      new Scalar<>(
          "a path that begins with \"/\", such as /videos/, percent-encoded where it must be,"
              + " without query, empty or dot segments, at most "
              + PATH_MAX
              + " characters",
          text -> {
            if (text.length() > PATH_MAX
                || !PATH.matcher(text).matches()
                || DOTS_OR_EMPTY.matcher(text).matches()
                || NEEDLESS.matcher(text).matches()) {
              throw new IllegalArgumentException(text);
            }
            return text;
          });

  /** The first and the last byte of a part. */
  public static final Scalar<ByteRange> BYTE_RANGE =
      new Scalar<>(
          "a range of bytes, both ends included, such as 0-99999999",
          text -> {
            Matcher m = RANGE.matcher(text);
            if (!m.matches()) {
              throw new IllegalArgumentException(text);
            }
            return new ByteRange(Long.parseLong(m.group(1)), Long.parseLong(m.group(2)));
          });

  /** One status or several; the higher one second. */
  static final Scalar<int[]> STATUSES =
      new Scalar<>(
          "a status or a range of them within 100 to 599, such as 200-399",
          text -> {
            Matcher m = STATUS.matcher(text);
            if (!m.matches()) {
              throw new IllegalArgumentException(text);
            }
            int first = Integer.parseInt(m.group(1));
            @Nullable String second = m.group(2);
            int last = second == null ? first : Integer.parseInt(second);
            if (last < first) {
              throw new IllegalArgumentException(text);
            }
            return new int[] {first, last};
          });

  /** What a GET asks for. */
  static final Scalar<String> CHECK_PATH =
      new Scalar<>(
          "a path such as /health, printable and without spaces",
          text -> {
            if (!text.matches("/[!-~]{0,1023}") || text.indexOf('#') >= 0) {
              throw new IllegalArgumentException(text);
            }
            return text;
          });

  /** The Host field of a check; empty: none of its own. */
  static final Scalar<String> CHECK_HOST =
      new Scalar<>(
          "a host such as www.example.org, or \"\"",
          text -> {
            @Nullable String name = text.isEmpty() ? text : HostNames.normalize(text);
            if (name == null) {
              throw new IllegalArgumentException(text);
            }
            return name;
          });

  /** A share. */
  static final Scalar<Integer> WEIGHT = Scalar.integer("a weight", 1, 1000);

  /** Whether a node gets connections. */
  static final Scalar<Node.State> STATE = new Scalar<>("up, draining or down", Node.State::of);

  /** Whether a node is in the cluster. */
  static final Scalar<Node.Role> ROLE = new Scalar<>("local, backup or public", Node.Role::of);

  /** How a server learns of clients. */
  static final Scalar<ClientAddress> CLIENT_ADDRESS =
      new Scalar<>("one of " + ClientAddress.expected(), ClientAddress::of);

  /** What a check tries. */
  static final Scalar<HealthCheck.Kind> CHECK_KIND =
      new Scalar<>("none, tcp, http or tls", HealthCheck.Kind::of);

  /** How nodes are chosen. */
  public static final Scalar<Dataset.Balance> BALANCE =
      new Scalar<>("least-flows, hash-client or hash-path", Dataset.Balance::of);

  /** Whether connections stay. */
  public static final Scalar<Dataset.KeepAlive> KEEP_ALIVE =
      new Scalar<>("reuse or close", Dataset.KeepAlive::of);

  /** Whether new copies are taken for complete. */
  public static final Scalar<Boolean> COPIES =
      new Scalar<>(
          "assumed or deployed",
          text ->
              switch (text) {
                case "assumed" -> true;
                case "deployed" -> false;
                default -> throw new IllegalArgumentException(text);
              });

  /** A port, or whether there is one. */
  public static final Scalar<Integer> HTTPS =
      new Scalar<>(
          "true, false or a port, 1 to 65535",
          text ->
              switch (text) {
                case "true" -> 443;
                case "false" -> 0;
                default -> Scalars.PORT.read().apply(text);
              });

  private ClusterScalars() {}

  private static String host(String text) {
    if (text.equals(Site.DEFAULT)) {
      return text;
    }
    boolean wildcard = text.startsWith("*.");
    @Nullable String name = HostNames.normalize(wildcard ? text.substring(2) : text);
    if (name == null || (wildcard && HostNames.isAddress(name)) || name.equals(Site.DEFAULT)) {
      throw new IllegalArgumentException(text);
    }
    return wildcard ? "*." + name : name;
  }
}
