package dev.baton.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** What this build is and what it runs on, told without loading anything native. */
public final class Version implements IVersionProvider {
  private static final List<String> LIBRARY_DIRECTORIES =
      List.of(
          "/usr/lib/x86_64-linux-gnu",
          "/usr/lib/aarch64-linux-gnu",
          "/lib64",
          "/usr/lib64",
          "/usr/lib");

  /** Such as {@code 0.1.0-SNAPSHOT}. */
  public static String baton() {
    Properties properties = new Properties();
    try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("version", "unknown");
  }

  @Override
  public String[] getVersion() {
    List<String> lines = new ArrayList<>();
    lines.add("baton " + baton());
    lines.add(
        "java %s (%s)".formatted(Runtime.version(), System.getProperty("java.vendor", "unknown")));
    libbpf().ifPresent(version -> lines.add("libbpf " + version));
    return lines.toArray(String[]::new);
  }

  /** From the name of the file that libbpf.so.1 leads to. */
  private static Optional<String> libbpf() {
    for (String directory : LIBRARY_DIRECTORIES) {
      Path link = Path.of(directory, "libbpf.so.1");
      if (Files.exists(link)) {
        try {
          String name = link.toRealPath().getFileName().toString();
          return Optional.of(name.substring(name.indexOf(".so.") + ".so.".length()));
        } catch (IOException e) {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }
}
