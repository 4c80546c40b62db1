package dev.baton.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.address.Ip;
import dev.baton.admin.AdminServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code baton status}. */
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    description = "Shows what the running controller does and has counted.")
final class StatusCommand implements Callable<Integer> {
  private static final int TIMEOUT_MILLIS = 3000;

  @Mixin private ConfigOption config = new ConfigOption();

  @Option(names = "--json", description = "As JSON.")
  private boolean json;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    InetSocketAddress admin = config.load().admin();
    String text;
    try {
      text = fetch(admin);
    } catch (ConnectException e) {
      spec.commandLine().getErr().println("baton: no controller answers at " + admin);
      return ExitCode.SOFTWARE;
    }
    if (json) {
      out.println(text);
    } else {
      print(out, "", JSON.std.mapFrom(text));
    }
    return ExitCode.OK;
  }

  private static String fetch(InetSocketAddress admin) throws IOException {
    String authority = Ip.of(admin.getAddress()).withPort(admin.getPort());
    URI uri = URI.create("http://" + authority + AdminServer.STATUS_PATH);
    HttpURLConnection connection =
        (HttpURLConnection) uri.toURL().openConnection(java.net.Proxy.NO_PROXY);
    connection.setConnectTimeout(TIMEOUT_MILLIS);
    connection.setReadTimeout(TIMEOUT_MILLIS);
    try (InputStream in = connection.getInputStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static void print(PrintWriter out, String indent, Map<?, ?> part) {
    part.forEach((name, value) -> {
      if (value instanceof Map<?, ?> inner) {
        out.println(indent + name + ":");
        print(out, indent + "  ", inner);
      } else if (value instanceof List<?> list
          && !list.isEmpty()
          && list.getFirst() instanceof Map) {
        out.println(indent + name + ":");
        list.forEach(item -> out.println(indent + "  - " + item));
      } else {
        out.println(indent + name + ": " + value);
      }
    });
  }
}
