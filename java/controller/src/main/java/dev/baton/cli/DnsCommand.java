package dev.baton.cli;

import dev.baton.config.BatonConfig;
import dev.baton.config.ConfigException;
import dev.baton.config.DnsSettings;
import dev.baton.directory.DirectoryWatcher;
import dev.baton.directory.SqliteDirectory;
import dev.baton.dns.DnsServer;
import java.io.PrintWriter;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code baton dns}. */
@Command(
    name = "dns",
    mixinStandardHelpOptions = true,
    description = {
      "Answers, as their authority, for the names of sites and nodes, in the foreground;",
      "prints a line that starts with \"ready\". SIGTERM ends it."
    })
final class DnsCommand implements Callable<Integer> {
  @Mixin private ConfigOption config = new ConfigOption();
  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    BatonConfig baton = config.load();
    DnsSettings settings =
        baton
            .dns()
            .orElseThrow(
                () -> new ConfigException(List.of("dns: expected in baton.yaml, found nothing")));
    CountDownLatch stop = new CountDownLatch(1);
    try (SqliteDirectory directory = SqliteDirectory.open(baton.directory());
        DirectoryWatcher watcher = DirectoryWatcher.start(directory);
        DnsServer _ = DnsServer.start(baton, settings, watcher::snapshot)) {
      PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
      out.println(
          "ready dns "
              + settings.listen().stream()
                  .map(at -> at.getAddress().getHostAddress() + " port " + at.getPort())
                  .collect(Collectors.joining(", ")));
      out.flush();
      stop.await(); // until the process is told to end
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return ExitCode.OK;
  }
}
