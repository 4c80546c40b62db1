package dev.baton.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
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
  @Mixin private ConfigOption config = new ConfigOption();

  @Option(names = "--json", description = "As JSON.")
  private boolean json;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    InetSocketAddress admin = config.load().admin();
    String text = new AdminClient(admin).text().orElse("");
    if (text.isEmpty()) {
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

  /** A map, with what is in it further to the right. */
  static void print(PrintWriter out, String indent, Map<?, ?> part) {
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
