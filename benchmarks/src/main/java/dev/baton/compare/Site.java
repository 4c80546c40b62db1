package dev.baton.compare;

import dev.baton.lab.Content;
import dev.baton.lab.Lab;
import dev.baton.lab.LabPlan;
import dev.baton.lab.Nginx;
import dev.baton.lab.Target;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * What all ways lead to: one site's files, its certificate, and an unmodified nginx that serves
 * them. The files exist once and are linked to by the target of each lab.
 */
final class Site {
  /** Its name. */
  static final String NAME = "www.example.com";

  /** The port it is served on, on every way. */
  static final int HTTP = 80;

  /** The same for TLS. */
  static final int HTTPS = 443;

  /** How many addresses the DMZ node has towards the target: ports for 50,000 connections. */
  static final int SOURCES = 4;

  /** Sizes of objects, by their names. */
  static final List<Sized> OBJECTS =
      List.of(
          new Sized("1k", 1_000),
          new Sized("8k", 8_000),
          new Sized("64k", 64_000),
          new Sized("512k", 512_000),
          new Sized("4m", 4_000_000),
          new Sized("64m", 64_000_000));

  private static final int CONNECTIONS = 65_536;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final Path folder;
  private final long bulk;

  /**
   * A file of the site.
   *
   * @param name its name, without a slash
   * @param bytes its length
   */
  record Sized(String name, long bytes) {}

  /**
   * A site without files, yet.
   *
   * @param folder an existing one, in memory
   * @param bulk length of the file {@code bulk}, in bytes
   */
  Site(Path folder, long bulk) {
    this.folder = folder;
    this.bulk = bulk;
  }

  /** Writes the files. */
  void write() {
    Content.write(folder.resolve("bulk"), bulk, 1);
    for (Sized object : OBJECTS) {
      Content.write(folder.resolve(object.name()), object.bytes(), object.bytes());
    }
  }

  /** The large file. */
  Sized bulk() {
    return new Sized("bulk", bulk);
  }

  /** Where the files are. */
  Path folder() {
    return folder;
  }

  /** A lab for one way: nothing of another is in it. */
  static Lab lab() {
    return lab(LabPlan.of(1).withoutSwitch().withClusterAddresses(SOURCES));
  }

  private static Lab lab(LabPlan plan) {
    Lab lab = plan.open();
    try {
      // Ports for tens of thousands of connections between two addresses, none of those that Baton
      // reserves; and old ones come back as soon as they may.
      for (var namespace : List.of(lab.client(), lab.dmz(), lab.target(1).namespace())) {
        namespace.sysctl("net.ipv4.ip_local_port_range", "1024 65535");
        namespace.sysctl("net.ipv4.tcp_tw_reuse", "1");
        namespace.sysctl("net.core.somaxconn", "65535");
        namespace.sysctl("net.ipv4.tcp_max_syn_backlog", "65535");
      }
      return lab;
    } catch (RuntimeException e) {
      lab.close();
      throw e;
    }
  }

  /** Serves the site on a lab's target. */
  void serve(Lab lab, Target target) {
    try {
      for (Sized object : OBJECTS) {
        link(target, object.name());
      }
      link(target, "bulk");
      Certificate certificate = certificate(lab);
      Nginx.start(lab, target, HTTP, CONNECTIONS);
      Nginx.startTls(lab, target, HTTPS, certificate.file(), certificate.key());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot serve the site", e);
    }
  }

  private void link(Target target, String name) throws IOException {
    Files.createSymbolicLink(target.files().resolve(name), folder.resolve(name));
  }

  private record Certificate(Path file, Path key) {}

  private Certificate certificate(Lab lab) {
    Certificate certificate = new Certificate(folder.resolve("crt"), folder.resolve("key"));
    if (!Files.exists(certificate.file())) {
      lab.client()
          .run(
              LIMIT,
              "openssl",
              "req",
              "-x509",
              "-newkey",
              "ec",
              "-pkeyopt",
              "ec_paramgen_curve:prime256v1",
              "-nodes",
              "-days",
              "2",
              "-subj",
              "/CN=" + NAME,
              "-keyout",
              certificate.key().toString(),
              "-out",
              certificate.file().toString())
          .orThrow();
    }
    return certificate;
  }
}
