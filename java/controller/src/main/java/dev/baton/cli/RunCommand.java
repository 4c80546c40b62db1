package dev.baton.cli;

import dev.baton.admin.AdminServer;
import dev.baton.admin.Status;
import dev.baton.config.BatonConfig;
import dev.baton.config.Listen;
import dev.baton.dataplane.DataPath;
import dev.baton.dataplane.InstanceLock;
import dev.baton.directory.DirectoryWatcher;
import dev.baton.directory.SqliteDirectory;
import dev.baton.handoff.Controller;
import dev.baton.health.Health;
import dev.baton.net.ServiceManager;
import dev.baton.routing.Fleet;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code baton run}. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    description = {
      "Answers for the cluster, in the foreground; prints a line that starts with \"ready\".",
      "SIGTERM ends it within 5 s; living flows go on."
    })
final class RunCommand implements Callable<Integer> {
  @Mixin private ConfigOption config = new ConfigOption();
  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    BatonConfig baton = config.load();
    CountDownLatch stop = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stopAndWait(stop, ended), "shutdown"));
    try (InstanceLock lock = InstanceLock.take(baton.pinPath())) {
      try {
        return run(baton, stop) ? ExitCode.OK : ExitCode.SOFTWARE;
      } finally {
        if (!DataPath.isAnythingPinned(baton)) {
          lock.delete();
        }
      }
    } finally {
      ended.countDown();
    }
  }

  /**
   * Until it is told to end; false: a part of it died, and another controller should be started.
   */
  private boolean run(BatonConfig baton, CountDownLatch stop) {
    AtomicBoolean died = new AtomicBoolean();
    Runnable onDeath =
        () -> {
          died.set(true);
          stop.countDown();
        };
    Fleet fleet = new Fleet();
    try (ServiceManager manager = ServiceManager.of(System.getenv());
        SqliteDirectory directory = SqliteDirectory.open(baton.directory());
        DirectoryWatcher watcher = DirectoryWatcher.start(directory);
        Health health = Health.open(baton.directory(), watcher::snapshot, fleet);
        AdminServer admin = AdminServer.bind(baton.admin());
        Controller controller =
            Controller.start(baton, watcher::snapshot, fleet, manager, onDeath)) {
      health.start();
      admin.serve(new Status(baton, controller, watcher, fleet, health, Version.baton()));
      ready(baton, admin);
      manager.ready();
      stop.await();
      manager.stopping();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return !died.get();
  }

  private void ready(BatonConfig baton, AdminServer admin) {
    if (spec != null) {
      PrintWriter out = spec.commandLine().getOut();
      out.println(
          "ready "
              + baton.listen().stream().map(Listen::toString).collect(Collectors.joining(" "))
              + " admin "
              + admin.address());
      out.flush();
    }
  }

  /** A JVM that is told to end waits for its hooks: this one waits for what {@link #run} owns. */
  private static void stopAndWait(CountDownLatch stop, CountDownLatch ended) {
    stop.countDown();
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
