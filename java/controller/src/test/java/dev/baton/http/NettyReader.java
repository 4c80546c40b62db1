package dev.baton.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpUtil;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** How Netty's HttpRequestDecoder reads a head, with its own settings. */
final class NettyReader {
  private static final Pattern AUTHORITY = Pattern.compile("(?is)http://([^/?]*).*");
  private static final Pattern PORT = Pattern.compile(":[0-9]*$");

  private NettyReader() {}

  static Reading read(byte[] bytes) {
    Decoder decoder = new Decoder();
    EmbeddedChannel channel = new EmbeddedChannel(decoder);
    try {
      channel.writeInbound(Unpooled.wrappedBuffer(bytes));
      return decoder.reading == null ? Reading.more() : decoder.reading;
    } finally {
      channel.finishAndReleaseAll();
    }
  }

  /** Notes what came of the first head, and where it was read to. */
  private static final class Decoder extends HttpRequestDecoder {
    private @Nullable Reading reading;

    Decoder() {
      super(
          new HttpDecoderConfig()
              .setMaxInitialLineLength(Reading.LIMIT)
              .setMaxHeaderSize(Reading.LIMIT));
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out)
        throws Exception {
      if (reading != null) {
        in.skipBytes(in.readableBytes());
        return;
      }
      int before = out.size();
      super.decode(context, in, out);
      if (out.size() > before && out.get(before) instanceof HttpRequest request) {
        reading = reading(request, in.readerIndex());
      }
    }
  }

  private static Reading reading(HttpRequest request, int end) {
    if (request.decoderResult().isFailure()) {
      return Reading.refused(request.decoderResult().cause().toString());
    }
    List<String> hosts = request.headers().getAll(HttpHeaderNames.HOST);
    if (hosts.size() > 1) {
      return Reading.refused("its user would see more than one Host");
    }
    Matcher absolute = AUTHORITY.matcher(request.uri());
    String host = hosts.isEmpty() ? null : hosts.getFirst();
    if (absolute.matches()) {
      host = absolute.group(1);
    }
    long length =
        HttpUtil.isTransferEncodingChunked(request)
            ? Reading.CHUNKED
            : HttpUtil.getContentLength(request, 0L);
    return Reading.accepted(
        Reading.normalized(host == null ? null : PORT.matcher(host).replaceFirst("")), length, end);
  }
}
