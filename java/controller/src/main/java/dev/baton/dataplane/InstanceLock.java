package dev.baton.dataplane;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Whoever runs or removes what is pinned at a path holds its lock: two controllers would take each
 * other's filters and rings away. The lock is a file's below /run, gone with the process; the file
 * stays until {@code detach}.
 */
public final class InstanceLock implements AutoCloseable {
  private static final Path FOLDER = Path.of("/run");

  private final Path file;
  private final FileChannel channel;

  private InstanceLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /** A file below /run that belongs to a pin path. */
  static Path file(Path pinPath, String suffix) {
    return FOLDER.resolve("baton" + pinPath.toAbsolutePath().toString().replace('/', '-') + suffix);
  }

  /**
   * Takes the lock of a pin path.
   *
   * @throws IllegalStateException when another process holds it
   * @throws UncheckedIOException when the file cannot be made
   */
  public static InstanceLock take(Path pinPath) {
    Path file = file(pinPath, ".lock");
    try {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = channel.tryLock();
      if (lock == null) {
        channel.close();
        throw new IllegalStateException(
            "a controller is running already with pin-path " + pinPath + "; stop it first");
      }
      return new InstanceLock(file, channel);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot lock " + file + ": " + e.getMessage(), e);
    }
  }

  /** Removes the file too: nothing is pinned any more. */
  public void delete() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
