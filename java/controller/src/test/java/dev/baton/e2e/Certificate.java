package dev.baton.e2e;

import dev.baton.lab.Lab;
import java.nio.file.Path;

/**
 * A server's certificate, signed by itself, and its key: PEM files.
 *
 * @param file the certificate
 * @param key its key
 */
record Certificate(Path file, Path key) {
  /** Where that of a name is, or will be. */
  static Certificate in(Path folder, String name) {
    return new Certificate(folder.resolve(name + ".crt"), folder.resolve(name + ".key"));
  }

  /** Makes one, by openssl. */
  static Certificate make(Lab lab, Path folder, String name) {
    Certificate made = in(folder, name);
    lab.client()
        .run(
            Scene.LIMIT,
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
            "/CN=" + name,
            "-addext",
            "subjectAltName=DNS:" + name,
            "-keyout",
            made.key.toString(),
            "-out",
            made.file.toString())
        .orThrow();
    return made;
  }
}
