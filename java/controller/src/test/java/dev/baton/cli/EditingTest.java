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

/** {@code baton site}, {@code part}, {@code group}, {@code node} and {@code export}. */
class EditingTest {
  private record Run(int exitCode, String out, String err) {}

  @TempDir private Path folder = Path.of("");

  @BeforeEach
  void file() throws IOException {
    listener("http");
  }

  private void listener(String protocol) throws IOException {
    Files.writeString(
        folder.resolve("baton.yaml"),
        """
        node: qure-1
        listen: [{ address: 10.0.1.1, port: 80, protocol: %s }]
        interfaces: { public: d0, cluster: d0 }
        cluster-address: [10.0.2.1]
        directory: sqlite:%s/directory.db
        """
            .formatted(protocol, folder));
  }

  @Test
  void aDirectoryIsMadeShownExportedAndTakenApart() throws IOException {
    done("node a added: 10.0.0.1:80 up weight 1", "node add a --address 10.0.0.1");
    done(
        "node b added: 10.0.0.2:81 up weight 1 backup check http /up 200-399 interval 2s timeout"
            + " 1s rise 2 fall 3",
        "node add b --address 10.0.0.2 --set port=81 --set role=backup --set",
        "check={ kind: http, path: /up }");
    done("group g added: a, b", "group add g --node a --node b");
    done("group h added: b", "group add h --node b");
    done(
        "site s.example added: group g; aliases t.example",
        "site add s.example --group g --alias t.example");
    done(
        "site s.example changed: group g; aliases t.example -> / -> group g; /f 0-9 -> group h;"
            + " aliases t.example",
        "part add s.example /f --range 0-9 --group h");
    assertThat(run("part list s.example").out())
        .isEqualTo(
            """
            PATH  RANGE  GROUP  COPIES
            /     -      g      a 1 complete, b 1 complete
            /f    0-9    h      b 1 complete
            """);
    assertThat(run("part show s.example /f --range 0-9 --json").out())
        .startsWith("{\"path\":\"/f\",\"range\":\"0-9\",\"group\":\"h\"");
    assertThat(run("site list").out())
        .isEqualTo(
            """
            HOST       VERSION  PARTS  NODES  ALIASES
            s.example  1        2      a, b   t.example
            """);
    assertThat(run("site show t.example --json").out()).startsWith("{\"host\":\"s.example\"");
    assertThat(run("site show t.example").out())
        .contains("host: s.example", "balance: least-flows");
    assertThat(run("group list").out()).contains("g     a, b");
    assertThat(run("group show h --json").out()).startsWith("{\"name\":\"h\",\"nodes\":[\"b\"]}");
    assertThat(run("node list").out()).contains("b     10.0.0.2  81    443       backup  up     1");
    assertThat(run("node show b").out()).contains("kind: http", "path: /up");
    Path exported = Files.writeString(folder.resolve("out.yaml"), run("export").out());
    done("nothing changed", "apply --prune -f " + exported);

    refused("node b is used by group g, group h: it cannot be removed", "node remove b");
    refused("group h is used by site s.example: it cannot be removed", "group remove h");
    done(
        "site s.example changed: / -> group g; /f 0-9 -> group h; aliases t.example -> group g;"
            + " aliases t.example",
        "part remove s.example /f --range 0-9");
    done("group h removed", "group remove h");
    done("group g changed: a, b -> a", "group add g --node a --replace");
    done("node b removed", "node remove b");
    done("site s.example removed", "site remove s.example");
    assertThat(run("site list --json").out()).isEqualTo("[]%n".formatted());
  }

  @Test
  void badInputIsOneLineAndTwo() throws IOException {
    run("node add a --address 10.0.0.1");
    run("node add p --address 10.0.0.2 --set role=public");
    run("group add g --node a");
    run("site add s.example --group g --alias t.example");
    run("site add w.example --node a");
    refused("there is no site x.example", "site show x.example");
    refused("there is no site t.example", "site remove t.example");
    refused("site s.example is there already", "site add s.example --group g");
    refused(
        "site x.example: t.example is of the site s.example already",
        "site add x.example --node a --alias t.example");
    refused("expected either --node", "site add x.example");
    refused(
        "site x.example: expected a group named above, found \"h\"",
        "site add x.example --group h");
    refused("HOST: expected a host such as", "site add a..b --group g");
    refused("--balance: expected least-flows", "site add x.example --group g --balance best");
    refused("PATH: expected a path that begins", "part add s.example f --group g");
    refused("--range: expected a range of bytes", "part add s.example /f --range 9-1 --group g");
    refused(
        "site s.example: /f 5-9: expected to begin at 0",
        "part add s.example /f --range 5-9 --group g");
    refused("site s.example has a part / already", "part add s.example / --group g");
    refused("site s.example has no part /f", "part remove s.example /f");
    refused("site s.example has no other part", "part remove s.example /");
    refused("site w.example: /: expected a group for each part", "part add w.example /f --group g");
    refused("there is no group h", "group show h");
    refused("group h: there is no node z", "group add h --node z");
    refused("there is no node z", "node remove z");
    refused(
        "baton node add:1: nodes[0].weight: expected a weight",
        "node add z --address 10.0.0.3 --set weight=0");
    refused("node a is there already", "node add a --address 10.0.0.3");
    listener("auto");
    refused(
        "site s.example: parts cannot be told apart on a listener that takes TLS",
        "part add s.example /f --group g");
    refused("site x.example: all its nodes are public", "site add x.example --node p");
    refused("site s.example: all its nodes are public", "group add g --node p --replace");
  }

  private void done(String out, String command, String... last) {
    Run run = run(command, last);
    assertThat(run.err()).as(command).isEmpty();
    assertThat(run.out()).as(command).isEqualTo(out + System.lineSeparator());
    assertThat(run.exitCode()).isZero();
  }

  private void refused(String err, String command) {
    Run run = run(command);
    assertThat(run.err()).as(command).startsWith(err).hasLineCount(1);
    assertThat(run.exitCode()).as(command).isEqualTo(2);
    assertThat(run.out()).isEmpty();
  }

  private Run run(String command, String... last) {
    String[] words = command.split(" ", -1);
    String[] args = new String[words.length + last.length + 2];
    System.arraycopy(words, 0, args, 0, words.length);
    System.arraycopy(last, 0, args, words.length, last.length);
    args[args.length - 2] = "-c";
    args[args.length - 1] = folder.resolve("baton.yaml").toString();
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out));
    commandLine.setErr(new PrintWriter(err));
    int exitCode = commandLine.execute(args);
    return new Run(exitCode, out.toString(), err.toString());
  }
}
