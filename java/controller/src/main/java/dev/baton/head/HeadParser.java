package dev.baton.head;

import dev.baton.reason.Reason;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Reads a connection's first bytes in one protocol and says which host they ask for, that more are
 * needed, or why they are refused. Also knows how to say no in that protocol.
 *
 * <p>Resumable: bytes may come one at a time, in any pieces, and no byte is read twice for that. It
 * only looks: the bytes are handed over as they came. Used again after {@link #reset}; belongs to
 * one thread.
 */
public interface HeadParser {
  /** What is known so far. */
  enum Result {
    /** Nothing is wrong yet. */
    NEED_MORE,
    /** The head is whole and valid; {@link #host()} is known. */
    COMPLETE,
    /** {@link #reason()} and {@link #refusal} say why, and how to tell. */
    REFUSED
  }

  /**
   * Reads on. Once the result is not {@link Result#NEED_MORE} it stays what it is.
   *
   * @param buffer holds the connection's bytes from the first on; may be another segment than in
   *     the last call as long as the bytes are the same
   * @param length how many bytes of it are filled; never less than in the last call
   */
  Result parse(MemorySegment buffer, long length);

  /** Forgets everything; the next {@link #parse} begins a new head at the buffer's start. */
  void reset();

  /** The most bytes it looks at: with so many, {@link #parse} always has a result. */
  int limit();

  /** In which protocol it answers. */
  Spoken spoken();

  /** The host asked for, normalised; null while it is unknown, and when the client named none. */
  @Nullable String host();

  /** Bytes up to and including the head's end; 0 while it is not complete. */
  long headLength();

  /** What a refusal is counted as; NONE unless {@link Result#REFUSED}. */
  Reason reason();

  /** Whether by now it has come on what an answer would be sent. */
  default boolean canAnswer() {
    return true;
  }

  /** What the client is sent when its head is {@link Result#REFUSED}. */
  byte[] refusal(Pages pages);

  /** What it is counted as when the head has not come in time. */
  default Reason tooSlow() {
    return Reason.HEAD_TOO_SLOW;
  }

  /**
   * What says no to a client for another reason than its head.
   *
   * @param status the HTTP status that says it; protocols without one send what is nearest
   * @param detail one sentence for a person, where the protocol has room for it
   */
  byte[] answer(int status, String detail, Pages pages);

  /** Whether the request is one for HTTP's GET or HEAD. */
  default boolean isGetOrHead(MemorySegment buffer) {
    return false;
  }

  /**
   * The URI of what was asked for in clear text, at another place; null: it was not clear text.
   * Only if the host is known.
   *
   * @param buffer with the complete head
   * @return empty if it would be too long
   */
  default @Nullable String location(MemorySegment buffer, Place place) {
    return null;
  }

  /** The client's best offer of a protocol within TLS (RFC 7301), such as {@code h2}. */
  default @Nullable String offeredProtocol() {
    return null;
  }
}
