package dev.baton.dataplane;

import dev.baton.config.PortRange;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Keeps the kernel from handing out the target leg's ports (ip_local_reserved_ports in
 * Documentation/networking/ip-sysctl.rst): an entry for such a port would hijack an unrelated
 * connection of the DMZ node.
 */
public final class PortReservation {
  private static final Path RESERVED = Path.of("/proc/sys/net/ipv4/ip_local_reserved_ports");
  private static final int MAX_BYTES = 1 << 18;

  private PortReservation() {}

  /**
   * Adds the range to what is reserved.
   *
   * @throws IllegalStateException when the kernel does not let us
   */
  public static void add(PortRange range) {
    try {
      Files.writeString(RESERVED, with(read(RESERVED).strip(), range));
    } catch (IOException e) {
      throw new IllegalStateException("cannot reserve ports in " + RESERVED, e);
    }
  }

  /** Takes the range out again, if it stands there as it was put in. */
  public static void remove(PortRange range) {
    try {
      Files.writeString(RESERVED, without(read(RESERVED).strip(), range));
    } catch (IOException e) {
      throw new IllegalStateException("cannot change " + RESERVED, e);
    }
  }

  /**
   * A file below /proc/sys, whole. The kernel gives it to the first read alone, and
   * Files.readString begins with a read of one byte where the file's size is said to be 0.
   */
  static String read(Path file) throws IOException {
    try (var in = new FileInputStream(file.toFile())) {
      byte[] bytes = new byte[MAX_BYTES];
      int length = in.read(bytes);
      return new String(bytes, 0, Math.max(0, length), StandardCharsets.US_ASCII);
    }
  }

  static String with(String reserved, PortRange range) {
    String text = text(range);
    List<String> parts = parts(reserved);
    if (!parts.contains(text)) {
      parts.add(text);
    }
    return String.join(",", parts);
  }

  static String without(String reserved, PortRange range) {
    List<String> parts = parts(reserved);
    parts.remove(text(range));
    // An empty write is ignored; a newline clears the list.
    return parts.isEmpty() ? "\n" : String.join(",", parts);
  }

  private static List<String> parts(String reserved) {
    List<String> parts = new ArrayList<>();
    for (String part : reserved.split(",", -1)) {
      if (!part.isBlank()) {
        parts.add(part.strip());
      }
    }
    return parts;
  }

  private static String text(PortRange range) {
    return range.first() == range.last()
        ? Integer.toString(range.first())
        : range.first() + "-" + range.last();
  }
}
