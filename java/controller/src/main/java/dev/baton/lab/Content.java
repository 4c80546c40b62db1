package dev.baton.lab;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Files that look random, are the same each time, and whose hash is known. */
public final class Content {
  private static final int BLOCK = 1 << 20;

  private Content() {}

  /**
   * Writes a file whose bytes follow from the seed.
   *
   * @param file where; folders above it are made, a file there is replaced
   * @param size its length in bytes
   * @param seed another seed, other bytes
   * @throws UncheckedIOException if it cannot be written
   */
  public static void write(Path file, long size, long seed) {
    long state = seed * 0x9E3779B97F4A7C15L | 1; // xorshift must not start with 0
    ByteBuffer block = ByteBuffer.allocate(BLOCK);
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      try (var out =
          FileChannel.open(
              file,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              StandardOpenOption.TRUNCATE_EXISTING)) {
        for (long left = size; left > 0; left -= block.limit()) {
          block.clear();
          while (block.hasRemaining()) {
            state ^= state << 13;
            state ^= state >>> 7;
            state ^= state << 17;
            block.putLong(state);
          }
          block.flip().limit((int) Math.min(left, BLOCK));
          while (block.hasRemaining()) {
            out.write(block);
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file, e);
    }
  }

  /**
   * The SHA-256 of a file, in lower-case hexadecimal.
   *
   * @param file the file
   * @throws UncheckedIOException if it cannot be read
   */
  public static String sha256(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] block = new byte[BLOCK];
      for (int n = in.read(block); n >= 0; n = in.read(block)) {
        digest.update(block, 0, n);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
