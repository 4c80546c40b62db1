package dev.baton.dataplane;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.baton.address.Ip;
import dev.baton.address.SourceRules;
import dev.baton.bindings.libbpf.LibBpf;
import dev.baton.bindings.libc.LibC;
import dev.baton.bpf.BpfException;
import dev.baton.bpf.BpfMap;
import dev.baton.bpf.BpfObject;
import dev.baton.config.ConfigException;
import dev.baton.config.Listen;
import dev.baton.config.SourceFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The allow and deny lists: in the kernel, where a denied SYN ends before a listener sees it, and
 * here for what the kernel cannot judge. The file is looked at now and then; each change replaces
 * the whole list in one step, and one that cannot be read leaves it as it was.
 */
public final class SourceLists implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SourceLists.class);

  // bpf/lists.h
  private static final String LISTS = "baton_lists";
  private static final String DOORS = "baton_doors";
  private static final int LIST_KEY = 24;
  private static final int LIST_FAMILY = 4;
  private static final int LIST_ADDRESS = 8;
  private static final int FAMILY_BITS = 32;
  private static final int DOOR_KEY = 20;
  private static final int DOOR_PORT = 16;
  private static final int DOOR_FAMILY = 18;
  private static final int DENY = 1;
  private static final int ALLOW = 2;

  private final BpfMap lists;
  private final @Nullable Path file;
  private volatile SourceRules rules = SourceRules.none();
  private @Nullable BpfMap current;
  private String seen = "";

  private SourceLists(BpfMap lists, @Nullable Path file) {
    this.lists = lists;
    this.file = file;
  }

  /**
   * Fills in the lists and where the listeners are, before the programs are attached.
   *
   * @param file null: everybody is allowed
   * @throws ConfigException when the file cannot be read, or says something wrong
   */
  static SourceLists start(BpfObject object, @Nullable Path file, List<Listen> listeners) {
    SourceLists made = new SourceLists(object.map(LISTS), file);
    listeners.forEach(listen -> putDoor(object.map(DOORS), listen));
    if (file != null) {
      made.seen = stamp(file);
      made.put(SourceFile.load(file));
    }
    return made;
  }

  private static void putDoor(BpfMap doors, Listen listen) {
    Ip address = listen.address();
    putDoor(doors, address, listen.isAny(), listen.port());
    if (listen.isAny() && !address.isV4()) {
      putDoor(doors, new Ip(), true, listen.port()); // :: takes IPv4 as well
    }
  }

  private static void putDoor(BpfMap doors, Ip address, boolean isAny, int port) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(DOOR_KEY, 4);
      if (!isAny) {
        address.write(key, 0);
      }
      key.set(JAVA_SHORT, DOOR_PORT, Short.reverseBytes((short) port));
      key.set(JAVA_SHORT, DOOR_FAMILY, (short) family(address));
      MemorySegment value = arena.allocate(JAVA_INT);
      check(doors.update(key, value, LibBpf.BPF_ANY()), DOORS);
    }
  }

  private static int family(Ip address) {
    return address.isV4() ? LibC.AF_INET() : LibC.AF_INET6();
  }

  private static void check(int result, String map) {
    if (result < 0) {
      throw new IllegalStateException("cannot fill " + map + ": error " + -result);
    }
  }

  /** Puts the rules into a list of their own, and that in the place of the one before. */
  private void put(SourceRules wanted) {
    BpfMap list =
        BpfMap.create(
            LibBpf.BPF_MAP_TYPE_LPM_TRIE(),
            "baton_list",
            LIST_KEY,
            Integer.BYTES,
            Math.max(1, wanted.all().size()),
            LibBpf.BPF_F_NO_PREALLOC());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(LIST_KEY, 4);
      MemorySegment value = arena.allocate(JAVA_INT);
      wanted
          .all()
          .forEach((prefix, denied) -> {
            key.set(JAVA_INT, 0, FAMILY_BITS + prefix.length());
            key.set(JAVA_INT, LIST_FAMILY, family(prefix.network()));
            prefix.network().write(key, LIST_ADDRESS);
            value.set(JAVA_INT, 0, denied ? DENY : ALLOW);
            check(list.update(key, value, LibBpf.BPF_ANY()), "baton_list");
          });
      lists.update(0, list);
    } catch (RuntimeException e) {
      list.close();
      throw e;
    }
    BpfMap before = current;
    current = list;
    rules = wanted;
    if (before != null) {
      before.close();
    }
    LOG.info("event=lists rules={}", wanted.all().size());
  }

  /** Reads the file again if it has changed; for one thread. */
  public void refresh() {
    if (file == null) {
      return;
    }
    String now = stamp(file);
    if (now.equals(seen)) {
      return;
    }
    seen = now;
    try {
      put(SourceFile.load(file));
    } catch (ConfigException e) {
      e.problems().forEach(problem -> LOG.warn("event=lists-kept problem=\"{}\"", problem));
    } catch (BpfException | IllegalStateException e) {
      LOG.warn("event=lists-kept problem=\"{}\"", e.getMessage());
    }
  }

  /** Differs when the file does: another inode, size or time of change. */
  private static String stamp(Path file) {
    try {
      BasicFileAttributes a = Files.readAttributes(file, BasicFileAttributes.class);
      return a.fileKey() + " " + a.size() + " " + a.lastModifiedTime();
    } catch (IOException e) {
      return "unreadable";
    }
  }

  /** Whether a source is denied; any thread may ask. */
  public boolean denies(Ip source) {
    return rules.denies(source);
  }

  /** Lets go of the list; the attached programs keep it. */
  @Override
  public void close() {
    if (current != null) {
      current.close();
      current = null;
    }
  }
}
