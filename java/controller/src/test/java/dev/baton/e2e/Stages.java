package dev.baton.e2e;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * The stages of a test class that runs over several combinations: one with a controller of its own
 * for each data plane, made when it is first asked for, shared by the address families.
 */
final class Stages implements AutoCloseable {
  private final Map<String, Stage> byDataPlane = new TreeMap<>();
  private final UnaryOperator<String> change;

  /** Stages whose standard settings are changed alike. */
  Stages(UnaryOperator<String> change) {
    this.change = change;
  }

  /** The stage for this combination. */
  Stage of(Combination combination) {
    return byDataPlane
        .computeIfAbsent(combination.dataPlane(), plane -> Stage.open(plane, change, scene -> {}))
        .over(combination.family());
  }

  /** What is done on a stage. */
  interface Act {
    /** Does it. */
    void on(Stage stage) throws Exception;
  }

  /** Does the same on the stages of these combinations, all at the same time. */
  void atOnce(Stream<Combination> combinations, Act act) throws InterruptedException {
    Map<Combination, FutureTask<Boolean>> tasks = new LinkedHashMap<>();
    combinations.forEach(combination -> {
      Stage stage = of(combination);
      var task =
          new FutureTask<>(() -> {
            act.on(stage);
            return true;
          });
      Thread.ofPlatform().daemon().start(task);
      tasks.put(combination, task);
    });
    for (Map.Entry<Combination, FutureTask<Boolean>> each : tasks.entrySet()) {
      try {
        each.getValue().get();
      } catch (ExecutionException e) {
        throw new AssertionError(each.getKey().toString(), e.getCause());
      }
    }
  }

  @Override
  public void close() {
    byDataPlane.values().forEach(Stage::close);
  }
}
