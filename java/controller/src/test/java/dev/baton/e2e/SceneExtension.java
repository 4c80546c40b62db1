package dev.baton.e2e;

import dev.baton.lab.Probe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * Gives a class's tests one {@link Scene}, closed after the last of them; skips them, naming what
 * is missing, where this machine cannot; keeps what may tell a failure's cause below {@code
 * target/e2e}.
 */
final class SceneExtension
    implements ExecutionCondition, ParameterResolver, TestExecutionExceptionHandler {
  private static final Namespace OURS = Namespace.create(SceneExtension.class);

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    List<String> missing =
        Probe.missingForDataPlane("nginx", "curl", "wrk", "conntrack", "nft", "bash", "nc");
    return missing.isEmpty()
        ? ConditionEvaluationResult.enabled("nothing is missing")
        : ConditionEvaluationResult.disabled("missing: " + String.join(", ", missing));
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Scene.class;
  }

  @Override
  public Scene resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return store(context)
        .getOrComputeIfAbsent(context.getRequiredTestClass(), key -> Scene.open(), Scene.class);
  }

  /** The class's store: what is in there is closed after the class's last test. */
  private static ExtensionContext.Store store(ExtensionContext context) {
    return context.getParent().orElse(context).getStore(OURS);
  }

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    Scene scene = store(context).get(context.getRequiredTestClass(), Scene.class);
    if (scene != null) {
      String name =
          context.getRequiredTestClass().getSimpleName()
              + "."
              + context.getRequiredTestMethod().getName();
      try {
        scene.keep(Path.of("target", "e2e", name));
      } catch (IOException | RuntimeException e) {
        failure.addSuppressed(e);
      }
    }
    throw failure;
  }
}
