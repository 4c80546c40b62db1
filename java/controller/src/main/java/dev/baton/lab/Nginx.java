package dev.baton.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * An unmodified nginx on a target node, with a configuration of its own. It serves the target's
 * folder; a PUT below {@code /up/} stores a file there.
 */
public final class Nginx implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final int CONNECTIONS = 16_384;

  private final Child child;

  private Nginx(Child child) {
    this.child = child;
  }

  /**
   * Starts one and waits until it listens. The lab closes it.
   *
   * @param lab the lab
   * @param target the node in it
   * @param port TCP port on the target's addresses
   * @throws LabException if it does not come up; the message has its output
   */
  public static Nginx start(Lab lab, Target target, int port) {
    return start(lab, target, port, List.of());
  }

  /**
   * Starts one for very many connections, and waits until it listens. The lab closes it.
   *
   * @param lab the lab
   * @param target the node in it
   * @param port TCP port on the target's addresses
   * @param connections at a time
   * @throws LabException if it does not come up; the message has its output
   */
  public static Nginx start(Lab lab, Target target, int port, int connections) {
    return start(lab, target, port, List.of(), "", "", connections);
  }

  /**
   * Starts one by way of another program, and waits until it listens. The lab closes it.
   *
   * @param lab the lab
   * @param target the node in it
   * @param port TCP port on the target's addresses
   * @param through a program and arguments that becomes the command given after them, as {@code
   *     nice} does; may be empty
   * @throws LabException if it does not come up; the message has its output
   */
  public static Nginx start(Lab lab, Target target, int port, List<String> through) {
    return start(lab, target, port, through, "", "");
  }

  /**
   * Starts one that speaks TLS, with HTTP/2 and HTTP/1.1 inside, and waits until it listens. The
   * lab closes it.
   *
   * @param lab the lab
   * @param target the node in it
   * @param port TCP port on the target's addresses
   * @param certificate a PEM file
   * @param key its PEM file
   * @throws LabException if it does not come up; the message has its output
   */
  public static Nginx startTls(Lab lab, Target target, int port, Path certificate, Path key) {
    String lines = "ssl_certificate %s; ssl_certificate_key %s;".formatted(certificate, key);
    return start(lab, target, port, List.of(), "ssl http2", lines);
  }

  /**
   * Starts one that speaks HTTP/2 in clear text, and waits until it listens. The lab closes it.
   *
   * @param lab the lab
   * @param target the node in it
   * @param port TCP port on the target's addresses
   * @throws LabException if it does not come up; the message has its output
   */
  public static Nginx startHttp2(Lab lab, Target target, int port) {
    return start(lab, target, port, List.of(), "http2", "");
  }

  private static Nginx start(
      Lab lab, Target target, int port, List<String> through, String listen, String lines) {
    return start(lab, target, port, through, listen, lines, CONNECTIONS);
  }

  private static Nginx start(
      Lab lab,
      Target target,
      int port,
      List<String> through,
      String listen,
      String lines,
      int connections) {
    Path folder = lab.folder().resolve("nginx-%s-%d".formatted(target.name(), port));
    Path configuration = folder.resolve("nginx.conf");
    try {
      Files.createDirectories(folder);
      Files.createDirectories(target.files().resolve("up"));
      Files.writeString(
          configuration, configuration(target, port, folder, listen, lines, connections));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot configure nginx", e);
    }
    String label = folder.getFileName().toString();
    // -e: without it nginx opens the log file of the machine's own nginx first.
    var command = new ArrayList<>(through);
    command.addAll(
        List.of("nginx", "-e", "stderr", "-p", folder.toString(), "-c", configuration.toString()));
    Child child = target.namespace().start(label, command.toArray(String[]::new));
    var nginx = lab.own(new Nginx(child));
    // The error log's level shows this line; by then the sockets listen.
    child.awaitLine(line -> line.contains("start worker process "), LIMIT);
    return nginx;
  }

  private static String configuration(
      Target target, int port, Path folder, String listen, String lines, int connections) {
    return """
    daemon off;
    user root;
    worker_processes 1;
    worker_rlimit_nofile %10$d;
    pid %3$s/pid;
    error_log stderr notice;
    events { worker_connections %9$d; }
    http {
      access_log off;
      default_type application/octet-stream;
      sendfile on;
      tcp_nopush on;
      keepalive_requests 1000000;
      open_file_cache max=1000 inactive=60s;
      client_max_body_size 0;
      client_body_temp_path %4$s/.body;
      proxy_temp_path %3$s/proxy;
      fastcgi_temp_path %3$s/fastcgi;
      uwsgi_temp_path %3$s/uwsgi;
      scgi_temp_path %3$s/scgi;
      server {
        listen %1$s:%2$d backlog=%9$d %7$s;
        listen [%6$s]:%2$d backlog=%9$d %7$s;
        %8$s
        root %4$s;
        add_header X-Node %5$s always;
        location /up/ {
          dav_methods PUT;
          create_full_put_path on;
          open_file_cache off;
        }
      }
    }
    """
        .formatted(
            target.address(),
            port,
            folder,
            target.files(),
            target.name(),
            target.address6(),
            listen,
            lines,
            connections,
            4 * connections);
  }

  /** All it has logged so far, errors included. */
  public String log() {
    return String.join("\n", child.lines());
  }

  @Override
  public void close() {
    child.close();
  }
}
