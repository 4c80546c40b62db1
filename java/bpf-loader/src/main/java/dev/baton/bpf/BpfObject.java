package dev.baton.bpf;

import dev.baton.bindings.libbpf.LibBpf;
import dev.baton.bindings.libbpf.bpf_object_open_opts;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An eBPF object file: opened, adjusted, loaded into the kernel, closed.
 *
 * <p>Adjustments come before {@link #load()}, by one thread; maps and programs can be asked for
 * after it, by any. They belong to the object: {@link #close()} closes their descriptors too, while
 * what is pinned or attached lives on in the kernel.
 */
public final class BpfObject implements AutoCloseable {
  private static final Pattern FAILED = Pattern.compile("prog '([^']+)': BPF program load failed");

  /** Apart, so that a missing libbpf is reported before this fails to initialize. */
  private static final class Handles {
    static final MethodHandle OPEN =
        Errno.capturing(
            LibBpf.bpf_object__open_mem$address(), LibBpf.bpf_object__open_mem$descriptor());
  }

  private final String name;
  private final MemorySegment object;
  private final Map<String, BpfMap> maps = new ConcurrentHashMap<>();
  private final Map<String, BpfProgram> programs = new ConcurrentHashMap<>();
  private final Map<String, MemorySegment> verifierLogs = new ConcurrentHashMap<>();
  private boolean loaded;
  private boolean closed;

  private BpfObject(String name, MemorySegment object) {
    this.name = name;
    this.object = object;
  }

  /**
   * Opens an object file that is in memory. Nothing reaches the kernel yet.
   *
   * @param elf the whole file
   * @param name for messages, and for the kernel's names of its global data
   * @return the object, which the caller closes
   * @throws BpfException ENOENT when libbpf is not installed, EINVAL and others when the file is no
   *     eBPF object
   */
  public static BpfObject open(byte[] elf, String name) {
    Libbpf.require();
    LibbpfLog.begin();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment opts = bpf_object_open_opts.allocate(arena);
      bpf_object_open_opts.sz(opts, opts.byteSize());
      bpf_object_open_opts.object_name(opts, arena.allocateFrom(name));
      MemorySegment state = Errno.newState(arena);
      MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, elf);
      MemorySegment opened =
          (MemorySegment) Handles.OPEN.invokeExact(state, bytes, (long) elf.length, opts);
      if (opened.equals(MemorySegment.NULL)) {
        throw new BpfException("bpf_object__open_mem", name, Errno.errno(state), LibbpfLog.take());
      }
      return new BpfObject(name, opened);
    } catch (Throwable e) {
      throw Libc.unexpected(e);
    }
  }

  /**
   * Opens an object file.
   *
   * @param file such as {@code flows.bpf.o}; its name up to the first dot is the object's
   * @return the object, which the caller closes
   * @throws BpfException as {@link #open(byte[], String)}, ENOENT when there is no such file
   */
  public static BpfObject open(Path file) {
    try {
      String fileName = String.valueOf(file.getFileName());
      int dot = fileName.indexOf('.');
      return open(Files.readAllBytes(file), dot > 0 ? fileName.substring(0, dot) : fileName);
    } catch (IOException e) {
      throw Libc.failed("open", file, e);
    }
  }

  /**
   * The name it was opened under.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  /**
   * Sets how many entries a map is to have.
   *
   * @param map its name
   * @param n at least 1; for a ring buffer its bytes, a power of two and whole pages
   */
  public void setMaxEntries(String map, int n) {
    check(LibBpf.bpf_map__set_max_entries(findMap(map), n), "bpf_map__set_max_entries", map);
  }

  /**
   * Gives a map of maps the pattern of what it may hold.
   *
   * @param map its name
   * @param inner such a map; it stays the caller's, and must be open until {@link #load()} is done
   */
  public void setInnerMap(String map, BpfMap inner) {
    int result = LibBpf.bpf_map__set_inner_map_fd(findMap(map), inner.fd());
    check(result, "bpf_map__set_inner_map_fd", map);
  }

  /**
   * Has a map pinned by {@link #load()}; or, if a fitting one is pinned there already, has that one
   * used. When the load fails, pins that it made are removed again.
   *
   * @param map its name
   * @param path on a bpf file system
   */
  public void setPinPath(String map, Path path) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cPath = arena.allocateFrom(path.toString());
      check(LibBpf.bpf_map__set_pin_path(findMap(map), cPath), "bpf_map__set_pin_path", map);
    }
  }

  /**
   * Has the programs use a map that exists instead of a new one.
   *
   * @param map its name
   * @param existing of the same type and sizes; it stays the caller's
   */
  public void reuse(String map, BpfMap existing) {
    check(LibBpf.bpf_map__reuse_fd(findMap(map), existing.fd()), "bpf_map__reuse_fd", map);
  }

  /**
   * Sets whether {@link #load()} loads a program; by default it loads all.
   *
   * @param program its name
   * @param autoload false: leave it out
   */
  public void setAutoload(String program, boolean autoload) {
    int result = LibBpf.bpf_program__set_autoload(findProgram(program), autoload);
    check(result, "bpf_program__set_autoload", program);
  }

  /**
   * Sets a {@code const volatile} global variable, which the verifier then takes for a constant.
   *
   * @param variable of 1, 2, 4 or 8 bytes
   * @param value must fit, as a signed or as an unsigned number
   * @throws BpfException ENOENT without such a variable
   * @throws IllegalArgumentException when the value does not fit
   */
  public void setRodata(String variable, long value) {
    MemorySegment at = rodata(variable);
    int bits = (int) at.byteSize() * Byte.SIZE;
    boolean fits = bits >= Long.SIZE || value >> bits == 0 || value >> (bits - 1) == -1;
    if (!fits) {
      throw new IllegalArgumentException(variable + " has " + bits + " bits: no room for " + value);
    }
    switch (bits) {
      case 8 -> at.set(ValueLayout.JAVA_BYTE, 0, (byte) value);
      case 16 -> at.set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, (short) value);
      case 32 -> at.set(ValueLayout.JAVA_INT_UNALIGNED, 0, (int) value);
      case 64 -> at.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, value);
      default -> throw new IllegalArgumentException(variable + " is no number");
    }
  }

  /**
   * Sets a {@code const volatile} global variable.
   *
   * @param variable of any size of at least 4 bytes, or smaller when the value fits
   * @param value must fit
   * @throws BpfException ENOENT without such a variable
   */
  public void setRodata(String variable, int value) {
    setRodata(variable, (long) value);
  }

  /**
   * Sets a {@code const volatile} global array or struct.
   *
   * @param variable its name
   * @param value exactly its bytes
   * @throws BpfException ENOENT without such a variable
   * @throws IllegalArgumentException when the length differs
   */
  public void setRodata(String variable, byte[] value) {
    MemorySegment at = rodata(variable);
    if (at.byteSize() != value.length) {
      throw new IllegalArgumentException(
          variable + " has " + at.byteSize() + " bytes, not " + value.length);
    }
    at.copyFrom(MemorySegment.ofArray(value));
  }

  private MemorySegment rodata(String variable) {
    if (loaded) {
      throw new IllegalStateException(name + " is loaded: its constants are fixed");
    }
    Btf.Variable found =
        btf()
            .variable(".rodata", variable)
            .orElseThrow(() -> new BpfException("const volatile variable", variable, Libc.ENOENT));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
      // libbpf finds the maps of global data by the names of their sections.
      MemorySegment data = LibBpf.bpf_map__initial_value(findMap(found.section()), size);
      if (data.equals(MemorySegment.NULL)) {
        throw new BpfException("bpf_map__initial_value", found.section(), Libc.EINVAL);
      }
      return data.reinterpret(size.get(ValueLayout.JAVA_LONG, 0))
          .asSlice(found.offset(), found.size());
    }
  }

  /**
   * Has the verifier tell what it does with a program; {@link #verifierLog} has it after the load.
   *
   * @param program its name
   * @param level bits as in linux/bpf_verifier.h: 1 each instruction, 2 each state, too, 4 the sums
   * @param capacity bytes of the log, 128 to 16777215; before Linux 6.4 a log that needs more makes
   *     the load fail
   * @throws BpfException ENOENT without such a program
   */
  public void keepVerifierLog(String program, int level, int capacity) {
    MemorySegment found = findProgram(program);
    MemorySegment buffer = Arena.ofAuto().allocate(capacity);
    check(LibBpf.bpf_program__set_log_level(found, level), "bpf_program__set_log_level", program);
    int result = LibBpf.bpf_program__set_log_buf(found, buffer, capacity);
    check(result, "bpf_program__set_log_buf", program);
    verifierLogs.put(program, buffer);
  }

  /** What the verifier has told of a program; empty without {@link #keepVerifierLog}. */
  public String verifierLog(String program) {
    MemorySegment buffer = verifierLogs.get(program);
    return buffer == null ? "" : buffer.getString(0);
  }

  /**
   * Loads maps and programs into the kernel: all of them, or, after an exception, none.
   *
   * @throws BpfException with the verifier's log when it refused a program; EPERM without the
   *     capabilities (CAP_BPF, CAP_NET_ADMIN); EINVAL when a pinned map does not fit
   */
  public void load() {
    LibbpfLog.begin();
    // libbpf loads without a log, and a program that is refused once more with one, which it
    // prints.
    int result = LibBpf.bpf_object__load(open());
    if (result < 0) {
      String log = LibbpfLog.take();
      Matcher failed = FAILED.matcher(log);
      String what = failed.find() ? name + ", program " + failed.group(1) : name;
      throw new BpfException("bpf_object__load", what, -result, log);
    }
    loaded = true;
  }

  /**
   * A map of the loaded object. It belongs to the object; each call gives the same one.
   *
   * @param map its name in C, or a section's such as {@code .bss}
   * @return the map
   * @throws BpfException ENOENT without such a map
   */
  public BpfMap map(String map) {
    checkLoaded();
    return maps.computeIfAbsent(
        map,
        wanted -> {
          int fd = LibBpf.bpf_map__fd(findMap(wanted));
          return BpfMap.borrowed(Libbpf.check(fd, "bpf_map__fd", name + ", map " + wanted));
        });
  }

  /**
   * A program of the loaded object. It belongs to the object; each call gives the same one.
   *
   * @param program the name of the C function
   * @return the program
   * @throws BpfException ENOENT without such a program; EINVAL when it was left out of the load
   */
  public BpfProgram program(String program) {
    checkLoaded();
    return programs.computeIfAbsent(
        program,
        wanted -> {
          int fd = LibBpf.bpf_program__fd(findProgram(wanted));
          return BpfProgram.borrowed(
              Libbpf.check(fd, "bpf_program__fd", name + ", program " + wanted), wanted);
        });
  }

  /**
   * Pins a map of the loaded object.
   *
   * @param map its name
   * @param path as for {@link BpfMap#pin}
   */
  public void pinMap(String map, Path path) {
    map(map).pin(path);
  }

  /** The object's types. */
  Btf btf() {
    MemorySegment btf = LibBpf.bpf_object__btf(open());
    if (btf.equals(MemorySegment.NULL)) {
      throw new BpfException("bpf_object__btf", name + ": compiled without -g", Libc.ENOENT);
    }
    return new Btf(btf);
  }

  /** Closes the object with its maps and programs. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    programs.values().forEach(BpfProgram::disown);
    maps.values().forEach(BpfMap::disown);
    LibBpf.bpf_object__close(object);
  }

  private MemorySegment open() {
    if (closed) {
      throw new IllegalStateException("object " + name + " is closed");
    }
    return object;
  }

  private void checkLoaded() {
    if (!loaded || closed) {
      throw new IllegalStateException(
          "object " + name + (closed ? " is closed" : " is not loaded"));
    }
  }

  private MemorySegment findMap(String map) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment found = LibBpf.bpf_object__find_map_by_name(open(), arena.allocateFrom(map));
      return there(found, "bpf_object__find_map_by_name", map);
    }
  }

  private MemorySegment findProgram(String program) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment found =
          LibBpf.bpf_object__find_program_by_name(open(), arena.allocateFrom(program));
      return there(found, "bpf_object__find_program_by_name", program);
    }
  }

  private MemorySegment there(MemorySegment found, String call, String what) {
    if (found.equals(MemorySegment.NULL)) {
      throw new BpfException(call, name + ", " + what, Libc.ENOENT);
    }
    return found;
  }

  private void check(int result, String call, String what) {
    int _ = Libbpf.check(result, call, name + ", " + what);
  }
}
