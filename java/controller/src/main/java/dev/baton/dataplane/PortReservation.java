package dev.baton.dataplane;

import dev.baton.config.BatonConfig;
import dev.baton.config.PortRange;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Keeps the kernel from handing out the target leg's ports (ip_local_reserved_ports in
 * Documentation/networking/ip-sysctl.rst): an entry for such a port would hijack an unrelated
 * connection of the DMZ node. The kernel merges ranges that touch, so what is ours in its list is
 * noted in a file below /run, where it lasts as long as the list does: until the next boot.
 */
public final class PortReservation {
  private static final Path RESERVED = Path.of("/proc/sys/net/ipv4/ip_local_reserved_ports");

  /** Every second port of all, six bytes each. */
  private static final int MAX_TEXT = 200_000;

  private PortReservation() {}

  /**
   * Reserves the configured range; what somebody else had reserved of it stays his.
   *
   * @throws IllegalStateException when the kernel does not let us
   */
  public static void add(BatonConfig config) {
    try {
      Path note = note(config.pinPath());
      boolean noted = Files.exists(note);
      BitSet before = parse(read());
      BitSet ours = noted ? parse(Files.readString(note)) : new BitSet();
      BitSet range = bits(config.sourcePorts());
      BitSet added = (BitSet) range.clone();
      // A controller of before there were notes had reserved the range as a whole.
      if (noted || !DataPath.isAnythingPinned(config)) {
        added.andNot(before);
      }
      ours.or(added);
      Files.writeString(note, text(ours) + "\n");
      before.or(range);
      Files.writeString(RESERVED, text(before));
    } catch (IOException e) {
      throw new IllegalStateException("cannot reserve ports in " + RESERVED, e);
    }
  }

  /** Takes out what {@link #add} put in, and nothing else; to be called while pins are there. */
  public static void remove(BatonConfig config) {
    try {
      Path note = note(config.pinPath());
      BitSet ours = Files.exists(note) ? parse(Files.readString(note)) : unnoted(config);
      BitSet left = parse(read());
      if (left.intersects(ours)) {
        left.andNot(ours);
        // An empty write is ignored; a newline clears the list.
        Files.writeString(RESERVED, left.isEmpty() ? "\n" : text(left));
      }
      Files.deleteIfExists(note);
    } catch (IOException e) {
      throw new IllegalStateException("cannot change " + RESERVED, e);
    }
  }

  /**
   * Of a controller of before there were notes; only a range that stands there as it is can be its
   * own.
   */
  private static BitSet unnoted(BatonConfig config) throws IOException {
    BitSet range = bits(config.sourcePorts());
    boolean its =
        DataPath.isAnythingPinned(config) && List.of(read().split(",", -1)).contains(text(range));
    return its ? range : new BitSet();
  }

  private static Path note(Path pinPath) {
    return InstanceLock.file(pinPath, ".ports");
  }

  /**
   * In one read: the kernel ends the file after the first, and Files.readString begins with one
   * byte.
   */
  private static String read() throws IOException {
    byte[] text = new byte[MAX_TEXT];
    try (InputStream in = new FileInputStream(RESERVED.toFile())) {
      int length = in.read(text);
      return new String(text, 0, Math.max(0, length), StandardCharsets.US_ASCII).strip();
    }
  }

  /** As the kernel reads it: ports and ranges, parted by commas. */
  static BitSet parse(String list) {
    BitSet ports = new BitSet();
    for (String part : list.split(",", -1)) {
      if (!part.isBlank()) {
        String[] ends = part.strip().split("-", 2);
        ports.set(
            Integer.parseInt(ends[0].strip()), Integer.parseInt(ends[ends.length - 1].strip()) + 1);
      }
    }
    return ports;
  }

  /** As the kernel shows it. */
  static String text(BitSet ports) {
    List<String> parts = new ArrayList<>();
    for (int first = ports.nextSetBit(0); first >= 0; ) {
      int end = ports.nextClearBit(first);
      parts.add(first == end - 1 ? Integer.toString(first) : first + "-" + (end - 1));
      first = ports.nextSetBit(end);
    }
    return String.join(",", parts);
  }

  private static BitSet bits(PortRange range) {
    BitSet ports = new BitSet();
    ports.set(range.first(), range.last() + 1);
    return ports;
  }
}
