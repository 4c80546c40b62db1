package dev.baton.lab;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Requests by curl from a lab's client. Names are resolved to the DMZ node's public address by curl
 * itself; proxies of the caller's environment are ignored.
 */
public final class Curl {
  private static final String FORMAT = "%{http_code} %{size_download} %{time_total} %{local_port}";

  private final Lab lab;
  private final Duration limit;
  private final Family family;

  /**
   * @param lab whose client asks
   * @param limit how long each request may take
   */
  public Curl(Lab lab, Duration limit) {
    this(lab, limit, Family.IPV4);
  }

  /**
   * @param lab whose client asks
   * @param limit how long each request may take
   * @param family of the addresses it connects to
   */
  public Curl(Lab lab, Duration limit, Family family) {
    this.lab = lab;
    this.limit = limit;
    this.family = family;
  }

  /**
   * What came of a request.
   *
   * @param exit curl's exit code; 0: a complete response, whatever its status
   * @param status HTTP status; 0 if there was no response
   * @param bytes of body
   * @param seconds from start to end
   * @param localPort the client's port
   * @param error curl's own message
   */
  public record Reply(
      int exit, int status, long bytes, double seconds, int localPort, String error) {
    /** Bits of body a second, in thousands of millions. */
    public double gigabits() {
      return bytes * 8 / seconds / 1e9;
    }
  }

  /**
   * Asks for a file of a site through the DMZ node.
   *
   * @param host the site's name
   * @param path with its leading slash
   * @param into where the body goes; {@code /dev/null} is fine
   * @param options more options for curl
   */
  public Reply get(String host, String path, Path into, String... options) {
    return request(command(host, path, into, options));
  }

  /**
   * Asks a target itself; that needs {@link Lab#forward()}.
   *
   * @param target the target
   * @param path with its leading slash
   * @param into where the body goes
   * @param options more options for curl
   */
  public Reply getDirect(Target target, String path, Path into, String... options) {
    return request(line(target.url(family, path), into, List.of(options)));
  }

  /** The command line of {@link #get}, for those who start it in the background. */
  public String[] command(String host, String path, Path into, String... options) {
    var more =
        new ArrayList<>(List.of("--resolve", host + ":80:" + family.inUrl(family.publicAddress())));
    more.addAll(List.of(options));
    return line("http://" + host + path, into, more);
  }

  private Reply request(String... line) {
    Result result = lab.client().run(limit, line);
    // curl's own line is the last; options such as -i would put more before it.
    String[] parts = result.out().substring(result.out().lastIndexOf('\n') + 1).split(" ", -1);
    if (parts.length != 4) {
      throw new LabException("unexpected output of " + result);
    }
    return new Reply(
        result.exit(),
        Integer.parseInt(parts[0]),
        Long.parseLong(parts[1]),
        Double.parseDouble(parts[2]),
        Integer.parseInt(parts[3]),
        result.err().strip());
  }

  private static String[] line(String url, Path into, List<String> options) {
    var line =
        new ArrayList<>(
            List.of("curl", "-q", "-sS", "--noproxy", "*", "-o", into.toString(), "-w", FORMAT));
    line.addAll(options);
    line.add(url);
    return line.toArray(String[]::new);
  }
}
