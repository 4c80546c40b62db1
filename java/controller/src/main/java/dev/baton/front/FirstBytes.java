package dev.baton.front;

import dev.baton.config.Protocol;
import dev.baton.head.HeadParser;
import dev.baton.head.Pages;
import dev.baton.head.Place;
import dev.baton.head.Spoken;
import dev.baton.http.HostCache;
import dev.baton.http.Http1Head;
import dev.baton.http.RequestHeadParser;
import dev.baton.http2.Http2Head;
import dev.baton.reason.Reason;
import dev.baton.tls.ClientHelloParser;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Tells TLS, HTTP/1 and HTTP/2 apart by a connection's first bytes, as far as its listener allows
 * more than one of them, and reads on in that protocol.
 *
 * <p>A first byte that is no letter and no line break begins no HTTP request: with {@link
 * Protocol#AUTO} it is TLS's to read or to refuse. HTTP/2 is what begins with its whole preface.
 * Parsers are made when they are first needed and are then used again.
 */
public final class FirstBytes implements HeadParser {
  private final int limit;
  private final HostCache hosts;
  private @Nullable HeadParser http1;
  private @Nullable HeadParser http2;
  private @Nullable ClientHelloParser tls;

  private Protocol protocol = Protocol.HTTP;
  private boolean needName;
  private @Nullable HeadParser active;
  private int matched;

  /**
   * For HTTP heads of at most {@code limit} bytes; a ClientHello has a limit of its own.
   *
   * @param hosts of the same thread
   */
  public FirstBytes(int limit, HostCache hosts) {
    this.limit = limit;
    this.hosts = hosts;
  }

  /**
   * What the listener takes; to be told after {@link #reset}, before the first byte.
   *
   * @param needName whether a TLS client must name the server
   */
  public void expect(Protocol spoken, boolean needName) {
    this.protocol = spoken;
    this.needName = needName;
    if (spoken == Protocol.TLS) {
      active = tls();
    }
  }

  @Override
  public Result parse(MemorySegment buffer, long length) {
    HeadParser parser = active;
    if (parser == null) {
      parser = choose(buffer, length);
      if (parser == null) {
        return Result.NEED_MORE;
      }
      active = parser;
    }
    return parser.parse(buffer, length);
  }

  private @Nullable HeadParser choose(MemorySegment buffer, long length) {
    if (length > 0 && protocol == Protocol.AUTO && !beginsHttp(at(buffer, 0))) {
      return tls();
    }
    String preface = Http2Head.PREFACE;
    while (matched < length && matched < preface.length()) {
      if (at(buffer, matched) != preface.charAt(matched)) {
        return http1();
      }
      matched++;
    }
    return matched == preface.length() ? http2() : null;
  }

  private static byte at(MemorySegment buffer, long offset) {
    return buffer.get(ValueLayout.JAVA_BYTE, offset);
  }

  /** Methods begin with a letter; some clients send an empty line first. */
  private static boolean beginsHttp(byte b) {
    return (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') || b == '\r' || b == '\n';
  }

  private HeadParser http1() {
    if (http1 == null) {
      http1 = new Http1Head(limit, hosts);
    }
    return http1;
  }

  private HeadParser http2() {
    if (http2 == null) {
      http2 = new Http2Head(limit, hosts);
    }
    return http2;
  }

  private HeadParser tls() {
    if (tls == null) {
      tls = new ClientHelloParser(hosts);
    }
    tls.needName(needName);
    return tls;
  }

  /** Whether by now it shows which protocol it is, and that has what it answers on. */
  @Override
  public boolean canAnswer() {
    return active != null && active.canAnswer();
  }

  /**
   * Whether the client may still turn out to speak TLS.
   *
   * @param length how many bytes have come
   */
  public boolean mayBeTls(long length) {
    return active == null ? protocol == Protocol.AUTO && length == 0 : active == tls;
  }

  /** The protocol's own parser; HTTP/1's while it is not known which protocol it is. */
  public HeadParser active() {
    return active == null ? http1() : active;
  }

  @Override
  public void reset() {
    if (active != null) {
      active.reset();
      active = null;
    }
    matched = 0;
  }

  @Override
  public int limit() {
    return active().limit();
  }

  @Override
  public Spoken spoken() {
    return active().spoken();
  }

  @Override
  public @Nullable String host() {
    return active().host();
  }

  @Override
  public long headLength() {
    return active().headLength();
  }

  @Override
  public Reason reason() {
    return active().reason();
  }

  @Override
  public byte[] refusal(Pages pages) {
    return active().refusal(pages);
  }

  @Override
  public Reason tooSlow() {
    return active().tooSlow();
  }

  @Override
  public byte[] answer(int status, String detail, Pages pages) {
    return active().answer(status, detail, pages);
  }

  @Override
  public boolean isGetOrHead(MemorySegment buffer) {
    return active().isGetOrHead(buffer);
  }

  @Override
  public @Nullable String location(MemorySegment buffer, Place place) {
    return active().location(buffer, place);
  }

  @Override
  public @Nullable String offeredProtocol() {
    return active().offeredProtocol();
  }

  /** HTTP/1's reader; null: another protocol is spoken. */
  public @Nullable RequestHeadParser request() {
    return active() instanceof Http1Head head ? head.request() : null;
  }
}
