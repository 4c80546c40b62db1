package dev.baton.bpf;

import dev.baton.bindings.libbpf.LibBpf;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import org.jspecify.annotations.Nullable;

/**
 * The door to libbpf: is it there, and which. All classes of this package ask by themselves; those
 * that touch the bindings directly must call {@link #require()} before.
 */
public final class Libbpf {
  private static final String LIBRARY = "libbpf.so.1";
  private static final @Nullable String MISSING = open();

  private Libbpf() {}

  /**
   * Makes sure that libbpf can be used. Costs nothing when it can.
   *
   * @throws BpfException ENOENT, with a message that says what to install
   */
  public static void require() {
    if (MISSING != null) {
      throw BpfException.of(MISSING, Libc.ENOENT, null);
    }
  }

  /**
   * The version of the library that is there.
   *
   * @return such as 1.5
   * @throws BpfException as {@link #require()}
   */
  public static String version() {
    require();
    return LibBpf.libbpf_major_version() + "." + LibBpf.libbpf_minor_version();
  }

  private static @Nullable String open() {
    try {
      probe(LIBRARY);
    } catch (BpfException e) {
      return e.getMessage();
    }
    LibbpfLog.install();
    return null;
  }

  /** Whether a library can be opened by its run-time name. */
  static void probe(String library) {
    try (Arena arena = Arena.ofConfined()) {
      SymbolLookup _ = SymbolLookup.libraryLookup(library, arena);
    } catch (IllegalArgumentException e) {
      throw BpfException.of(
          library
              + " cannot be opened: install libbpf 1.1 or newer (Debian, Ubuntu: libbpf1; Fedora,"
              + " openSUSE, Alpine: libbpf)",
          Libc.ENOENT,
          e);
    }
  }

  /** How many CPUs the machine can ever have; per-CPU values come in that number. */
  static int possibleCpus() {
    require();
    return check(LibBpf.libbpf_num_possible_cpus(), "libbpf_num_possible_cpus", "machine");
  }

  /** Turns the convention of libbpf 1.x (at least 0, or -errno) into an exception. */
  static int check(int result, String call, String object) {
    if (result < 0) {
      throw new BpfException(call, object, -result);
    }
    return result;
  }

  /** The same, with what libbpf printed since {@link LibbpfLog#begin}. */
  static int checkLogged(int result, String call, String object) {
    if (result < 0) {
      throw new BpfException(call, object, -result, LibbpfLog.take());
    }
    return result;
  }
}
