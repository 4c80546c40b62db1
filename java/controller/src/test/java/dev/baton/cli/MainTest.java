package dev.baton.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class MainTest {
  private record Run(int exitCode, String out, String err) {}

  @TempDir private Path folder = Path.of("");
  private Path baton = Path.of("");
  private Path cluster = Path.of("");

  @BeforeEach
  void files() throws IOException {
    baton =
        Files.writeString(
            folder.resolve("baton.yaml"),
            """
            node: qure-1
            listen: [{ address: 10.0.1.1, port: 80 }]
            interfaces: { public: d0, cluster: d0 }
            cluster-address: [10.0.2.1]
            directory: sqlite:%s/lib/directory.db
            """
                .formatted(folder));
    cluster =
        Files.writeString(
            folder.resolve("cluster.yaml"),
            """
            nodes: [{ name: a, address: 10.0.0.1 }]
            sites: [{ host: one.example, nodes: [a] }]
            """);
  }

  @Test
  void versionTellsWhatThisIs() {
    Run run = run("version");
    assertThat(run.exitCode()).isZero();
    assertThat(run.out().lines().findFirst().orElse("")).matches("baton \\d+\\.\\d+\\.\\d+\\S*");
    assertThat(run.out()).contains("java " + Runtime.version());
    assertThat(run("--version").out()).isEqualTo(run.out());
  }

  @Test
  void helpNamesTheCommands() {
    assertThat(run("help").out()).contains("Usage: baton", "apply", "version");
    assertThat(run("help", "apply").out()).contains("--dry-run", "-c", "-f");
    assertThat(run("help").exitCode()).isZero();
  }

  @Test
  void wrongUsageIsTwo() {
    assertThat(run().exitCode()).isEqualTo(2);
    assertThat(run().err()).contains("Missing command", "Usage: baton");
    assertThat(run("no-such-command").exitCode()).isEqualTo(2);
    assertThat(run("apply").exitCode()).isEqualTo(2);
    assertThat(run("apply").err()).contains("--config", "--file");
  }

  @Test
  void applyTellsWhatItChanged() {
    Path database = folder.resolve("lib/directory.db");
    String added = "node a added: 10.0.0.1:80 up weight 1%nsite one.example added: a%n".formatted();
    assertThat(apply("--dry-run")).isEqualTo(new Run(0, added, ""));
    assertThat(database).doesNotExist();
    assertThat(apply()).isEqualTo(new Run(0, added, ""));
    assertThat(database).exists();
    assertThat(apply()).isEqualTo(new Run(0, "nothing changed%n".formatted(), ""));
  }

  @Test
  void aDryRunChangesNothing() throws IOException {
    apply();
    Files.writeString(cluster, Files.readString(cluster).replace("one", "two"));
    String changes = "site one.example removed%nsite two.example added: a%n".formatted();
    assertThat(apply("--dry-run", "--prune")).isEqualTo(new Run(0, changes, ""));
    assertThat(apply("--dry-run", "--prune")).isEqualTo(new Run(0, changes, ""));
    assertThat(apply("--prune")).isEqualTo(new Run(0, changes, ""));
  }

  @Test
  void whatTheFileDoesNotNameStaysAndIsListed() throws IOException {
    apply();
    Files.writeString(cluster, Files.readString(cluster).replace("one", "two"));
    String stays = "site one.example is not in the file: it stays%n".formatted();
    assertThat(apply())
        .isEqualTo(new Run(0, "site two.example added: a%n".formatted() + stays, ""));
    assertThat(apply()).isEqualTo(new Run(0, "nothing changed%n".formatted() + stays, ""));
    Run prune = apply("--prune");
    assertThat(prune.out()).isEqualTo("site one.example removed%n".formatted());
  }

  @Test
  void whatIsWrongWithBothFilesIsToldAtOnce() throws IOException {
    Files.writeString(baton, Files.readString(baton).replace("port: 80", "port: x"));
    Files.writeString(cluster, Files.readString(cluster).replace("[a]", "[b]"));
    Run run = apply();
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
    assertThat(run.err().lines())
        .containsExactly(
            baton + ":2: listen[0].port: expected a port, 1 to 65535, found \"x\"",
            cluster + ":2: sites[0].nodes: expected a node named above, found \"b\"");
    assertThat(folder.resolve("lib")).doesNotExist();
  }

  @Test
  void aDirectoryThatCannotBeOpenedIsAFailure() throws IOException {
    Files.writeString(folder.resolve("lib"), "in the way");
    Run run = apply();
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).startsWith("baton: cannot open the directory sqlite:").hasLineCount(1);
  }

  private Run apply(String... more) {
    String[] args = new String[5 + more.length];
    args[0] = "apply";
    args[1] = "-c";
    args[2] = baton.toString();
    args[3] = "-f";
    args[4] = cluster.toString();
    System.arraycopy(more, 0, args, 5, more.length);
    return run(args);
  }

  private static Run run(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out));
    commandLine.setErr(new PrintWriter(err));
    int exitCode = commandLine.execute(args);
    return new Run(exitCode, out.toString(), err.toString());
  }
}
