package dev.baton.http;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HostPortHttpField;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpParser;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.http.HttpVersion;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** How Jetty's HttpParser reads a head, with the compliance it has by itself (RFC 9110). */
final class JettyReader implements HttpParser.RequestHandler {
  private final HttpParser parser = new HttpParser(this, Reading.LIMIT);
  private @Nullable String target;
  private @Nullable String host;
  private @Nullable String refusal;
  private boolean whole;

  static {
    // It warns of every bad Host, and here are thousands.
    ((Logger) LoggerFactory.getLogger("org.eclipse.jetty")).setLevel(Level.ERROR);
  }

  private JettyReader() {}

  static Reading read(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    JettyReader reader = new JettyReader();
    // It returns after each step that the handler asked for, so also between two of them.
    while (!reader.whole && reader.refusal == null && buffer.hasRemaining()) {
      int before = buffer.position();
      reader.parser.parseNext(buffer);
      if (buffer.position() == before && !reader.whole) {
        break;
      }
    }
    if (reader.refusal != null) {
      return Reading.refused(reader.refusal);
    }
    return reader.whole ? reader.reading(buffer.position()) : Reading.more();
  }

  private Reading reading(int end) {
    String name = host;
    String uri = target;
    if (uri != null && uri.regionMatches(true, 0, "http://", 0, 7)) {
      try {
        name = HttpURI.from(uri).getHost();
      } catch (IllegalArgumentException e) {
        return Reading.refused("target: " + e.getMessage());
      }
    }
    long length = parser.isChunking() ? Reading.CHUNKED : Math.max(parser.getContentLength(), 0);
    return Reading.accepted(Reading.normalized(name), length, end);
  }

  @Override
  public void startRequest(String method, String uri, HttpVersion version) {
    target = uri;
  }

  @Override
  public void parsedHeader(HttpField field) {
    if (field instanceof HostPortHttpField named) {
      host = named.getHost();
    }
  }

  @Override
  public boolean headerComplete() {
    whole = true;
    return true;
  }

  @Override
  public void badMessage(HttpException failure) {
    refusal = failure.getCode() + " " + failure.getReason();
  }

  @Override
  public boolean content(ByteBuffer item) {
    return true;
  }

  @Override
  public boolean contentComplete() {
    return false;
  }

  @Override
  public boolean messageComplete() {
    return true;
  }

  @Override
  public void earlyEOF() {}
}
