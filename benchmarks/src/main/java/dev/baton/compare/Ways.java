package dev.baton.compare;

import dev.baton.lab.Child;
import dev.baton.lab.Controller;
import dev.baton.lab.Family;
import dev.baton.lab.Lab;
import dev.baton.lab.LabException;
import dev.baton.lab.Namespace;
import dev.baton.lab.Result;
import dev.baton.lab.Target;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Opens ways, each configured as its manual advises for this task: threads for all processors,
 * connections to the target kept and used again, nothing logged, nothing checked, and routed by the
 * site's name where the protocol shows it.
 */
final class Ways {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final String STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so";

  private final Site site;

  Ways(Site site) {
    this.site = site;
  }

  /**
   * Why a way cannot be had on this machine.
   *
   * @return in words; empty if it can
   */
  static Optional<String> missing(Kind kind) {
    return switch (kind) {
      case HAPROXY_HTTP, HAPROXY_TCP -> missing("haproxy -v", "haproxy is not installed");
      case NGINX_STREAM -> missing("[ -e " + STREAM_MODULE + " ]", "no " + STREAM_MODULE);
      case IPVS ->
          missing(
              "modprobe -q ip_vs && unshare --net ipvsadm -A -t 10.0.1.1:80",
              "this kernel has no IPVS, or ipvsadm is not installed");
      default -> Optional.empty();
    };
  }

  private static Optional<String> missing(String probe, String why) {
    return Machine.succeeds(probe) ? Optional.empty() : Optional.of(why);
  }

  /**
   * Opens one.
   *
   * @throws LabException if its program does not come up
   */
  Way open(Kind kind) {
    Lab lab = Site.lab();
    try {
      Target target = kind == Kind.DIRECT ? cable(lab) : lab.target(1);
      site.serve(lab, target);
      return switch (kind) {
        case DIRECT -> new Way(kind, lab, target.address(), List.of());
        case FORWARDING -> {
          lab.forward();
          yield new Way(kind, lab, target.address(), List.of());
        }
        case IPVS -> ipvs(lab);
        case BATON -> baton(lab);
        case HAPROXY_TCP, HAPROXY_HTTP -> haproxy(kind, lab);
        case NGINX_STREAM, NGINX_HTTP -> nginx(kind, lab);
      };
    } catch (RuntimeException e) {
      lab.close();
      throw e;
    }
  }

  /** The target as it is at the other end of a cable to the client. */
  private static Target cable(Lab lab) {
    Target target = lab.target(1);
    Namespace far = target.namespace();
    lab.client().sh("ip link add x0 type veth peer name x1 netns " + far.name());
    connect(lab.client(), "x0", 2);
    connect(far, "x1", 1);
    return new Target(
        "cable", far, Family.IPV4.address(9, 1), Family.IPV6.address(9, 1), target.files());
  }

  private static void connect(Namespace namespace, String device, int host) {
    for (Family family : Family.values()) {
      namespace.sh(
          "ip address add %s/%d dev %s %s"
              .formatted(
                  family.address(9, host),
                  family.prefix(),
                  device,
                  family == Family.IPV6 ? "nodad" : ""));
    }
    namespace.sh("ip link set %s up".formatted(device));
  }

  private static Way baton(Lab lab) {
    String settings =
        Controller.standardFile(lab).replace("listen:\n", "listen:\n" + tlsListener())
            + "max-connections: 200000\nmax-connections-per-client: 200000\n";
    Controller controller = Controller.create(lab, settings);
    controller.apply(
        """
        check: { kind: none }
        nodes:
          - { name: qure-2, address: %s, port: 80, tls-port: 443 }
        sites:
          - { host: %s, nodes: [qure-2] }
        """
            .formatted(lab.target(1).address(), Site.NAME));
    controller.start();
    return new Way(Kind.BATON, lab, Lab.PUBLIC, List.of(controller.pid()));
  }

  private static String tlsListener() {
    return "  - { address: \"%s\", port: %d, protocol: tls }\n".formatted(Lab.PUBLIC, Site.HTTPS);
  }

  private static Way ipvs(Lab lab) {
    lab.forward();
    for (int port : List.of(Site.HTTP, Site.HTTPS)) {
      lab.dmz()
          .sh(
              """
              modprobe ip_vs; modprobe ip_vs_rr
              ipvsadm -A -t %1$s:%3$d -s rr
              ipvsadm -a -t %1$s:%3$d -r %2$s:%3$d -m
              """
                  .formatted(Lab.PUBLIC, lab.target(1).address(), port));
    }
    return new Way(Kind.IPVS, lab, Lab.PUBLIC, List.of());
  }

  private static Way haproxy(Kind kind, Lab lab) {
    boolean http = kind == Kind.HAPROXY_HTTP;
    String choice =
        http
            ? "use_backend site if { req.hdr(host),host_only -i " + Site.NAME + " }"
            : "default_backend site";
    String file =
        """
        global
          maxconn %8$d
          no strict-limits
        defaults
          timeout connect 5s
          timeout client 60s
          timeout server 60s
          option splice-auto
        frontend plain
          mode %1$s
          bind %2$s:80 shards by-thread
          %3$s
        backend site
          mode %1$s
          %4$s
        %5$s
        frontend secure
          mode tcp
          bind %2$s:443 shards by-thread
          tcp-request inspect-delay 5s
          tcp-request content accept if { req.ssl_hello_type 1 }
          use_backend tls if { req.ssl_sni -i %6$s }
        backend tls
          mode tcp
        %7$s
        """
            .formatted(
                http ? "http" : "tcp",
                Lab.PUBLIC,
                choice,
                http ? "http-reuse always" : "",
                servers(lab, Site.HTTP),
                Site.NAME,
                servers(lab, Site.HTTPS),
                Math.min(150_000, (Machine.openFiles() - 200) / 2));
    Path path = write(lab, "haproxy.cfg", file);
    Child child = lab.dmz().start("haproxy", "haproxy", "-f", path.toString());
    return listening(kind, lab, lab.own(child));
  }

  /** Several ways to one server, so that there are ports enough. */
  private static String servers(Lab lab, int port) {
    return IntStream.rangeClosed(1, Site.SOURCES)
        .mapToObj(i ->
            "  server s%d %s:%d source %s"
                .formatted(i, lab.target(1).address(), port, Family.IPV4.address(2, i)))
        .collect(Collectors.joining("\n"));
  }

  private static Way nginx(Kind kind, Lab lab) {
    String target = lab.target(1).address();
    String sources =
        "split_clients \"$remote_addr:$remote_port\" $source {\n%s\n}"
            .formatted(
                IntStream.rangeClosed(1, Site.SOURCES)
                    .mapToObj(i ->
                        "  %s %s;"
                            .formatted(
                                i == Site.SOURCES ? "*" : 100 / Site.SOURCES + "%",
                                Family.IPV4.address(2, i)))
                    .collect(Collectors.joining("\n")));
    String body =
        kind == Kind.NGINX_HTTP
            ? """
            http {
              access_log off;
              %s
              upstream site { server %s:80; keepalive 512; keepalive_requests 1000000; }
              server {
                listen %s:80 reuseport backlog=65535;
                server_name %s;
                keepalive_requests 1000000;
                client_max_body_size 0;
                client_body_temp_path body;
                proxy_temp_path proxy;
                location / {
                  proxy_pass http://site;
                  proxy_bind $source;
                  proxy_http_version 1.1;
                  proxy_set_header Connection "";
                  proxy_set_header Host $host;
                  proxy_max_temp_file_size 0;
                  proxy_request_buffering off;
                }
              }
            }
            """
                .formatted(sources, target, Lab.PUBLIC, Site.NAME)
            : """
            stream {
              %1$s
              map $ssl_preread_server_name $secure { %4$s %2$s:443; }
              server { listen %3$s:80 reuseport backlog=65535; proxy_pass %2$s:80; proxy_bind $source; }
              server {
                listen %3$s:443 reuseport backlog=65535;
                ssl_preread on;
                proxy_pass $secure;
                proxy_bind $source;
              }
            }
            """
                .formatted(sources, target, Lab.PUBLIC, Site.NAME);
    String file =
        """
        daemon off;
        user root;
        worker_processes auto;
        worker_rlimit_nofile 262144;
        pid nginx.pid;
        error_log stderr notice;
        %s
        events { worker_connections 131072; }
        %s
        """
            .formatted(kind == Kind.NGINX_STREAM ? "load_module " + STREAM_MODULE + ";" : "", body);
    Path path = write(lab, "proxy.conf", file);
    Child child =
        lab.dmz()
            .start(
                "nginx-proxy",
                "nginx",
                "-e",
                "stderr",
                "-p",
                path.resolveSibling("").toString(),
                "-c",
                path.toString());
    return listening(kind, lab, lab.own(child));
  }

  private static Path write(Lab lab, String name, String text) {
    Path folder = lab.folder().resolve("middle");
    try {
      Files.createDirectories(folder);
      return Files.writeString(folder.resolve(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot configure " + name, e);
    }
  }

  private static Way listening(Kind kind, Lab lab, Child child) {
    Result result =
        lab.dmz()
            .run(
                LIMIT,
                "sh",
                "-c",
                "until ss -Hltn 'sport = :80' | grep -q .; do kill -0 %d || exit 1; sleep 0.05; done"
                    .formatted(child.pid()));
    if (result.exit() != 0) {
      throw new LabException(kind + " did not start:\n" + String.join("\n", child.lines()));
    }
    return new Way(kind, lab, Lab.PUBLIC, List.of(child.pid()));
  }
}
