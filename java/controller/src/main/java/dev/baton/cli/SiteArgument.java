package dev.baton.cli;

import dev.baton.config.BatonConfig;
import dev.baton.config.ConfigException;
import dev.baton.directory.Deployments;
import dev.baton.directory.Deployments.Standing;
import dev.baton.directory.SqliteDirectory;
import dev.baton.http.HostNames;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** What every command about one site's deployment has; use as a {@code @Mixin}. */
final class SiteArgument {
  @Mixin private ConfigOption config = new ConfigOption();

  @Parameters(index = "0", paramLabel = "SITE", description = "Its host, or one of its aliases.")
  private String site = "";

  interface Work {
    /** Does something about the site. */
    Standing with(Deployments deployments, String host);
  }

  BatonConfig config() {
    return config.load();
  }

  /**
   * A host as the directory has it.
   *
   * @throws IllegalArgumentException naming what was expected
   */
  static String normalized(String site) {
    boolean wildcard = site.startsWith("*.");
    @Nullable String name = HostNames.normalize(wildcard ? site.substring(2) : site);
    if (name == null) {
      throw new IllegalArgumentException(
          "a host such as www.example.org, \"*.example.org\" or default, found \"" + site + '"');
    }
    return wildcard ? "*." + name : name;
  }

  /** Opens the directory for it. */
  Standing in(BatonConfig baton, Work work) {
    try (SqliteDirectory directory = SqliteDirectory.open(baton.directory())) {
      return with(directory, work);
    }
  }

  /** Changes the directory, and returns when a running controller decides by that. */
  Standing change(BatonConfig baton, Work work) throws IOException, InterruptedException {
    Standing after;
    long sequence;
    try (SqliteDirectory directory = SqliteDirectory.open(baton.directory())) {
      after = with(directory, work);
      sequence = directory.sequence();
    }
    new AdminClient(baton.admin()).awaitSequence(sequence);
    return after;
  }

  /** What is wrong with the arguments is told in one line. */
  Standing with(SqliteDirectory directory, Work work) {
    try {
      return work.with(new Deployments(directory), normalized(site));
    } catch (IllegalArgumentException e) {
      throw new ConfigException(List.of("deploy: expected " + e.getMessage()));
    }
  }
}
