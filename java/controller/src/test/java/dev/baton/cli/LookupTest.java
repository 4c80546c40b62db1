package dev.baton.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** {@code baton lookup} and {@code baton node drain} where no controller runs. */
class LookupTest {
  @TempDir private Path folder = Path.of("");
  private Path baton = Path.of("");

  private record Run(int exitCode, String out, String err) {}

  @BeforeEach
  void files() throws IOException {
    baton =
        Files.writeString(
            folder.resolve("baton.yaml"),
            """
            node: qure-1
            cluster-domain: cloud
            listen: [{ address: 10.0.1.1, port: 80 }]
            interfaces: { public: d0, cluster: d1 }
            cluster-address: [10.0.2.1]
            admin: 127.0.0.1:1
            pin-path: /sys/fs/bpf/baton-lookup-test
            directory: sqlite:%s/directory.db
            """
                .formatted(folder));
    Path cluster =
        Files.writeString(
            folder.resolve("cluster.yaml"),
            """
            nodes:
              - { name: qure-2, address: 10.0.2.11 }
              - { name: qure-3, address: 10.0.2.12, state: draining }
              - { name: qure-4, address: "fd00::4" }
              - { name: far-1, address: 192.0.2.9, role: public }
            groups:
              - { name: g1, nodes: [qure-2] }
              - { name: g2, nodes: [qure-2] }
            sites:
              - { host: www.example.org, nodes: [qure-2, qure-3, qure-4, far-1] }
              - { host: "*.example.net", nodes: [far-1] }
              - host: split.example.org
                parts:
                  - { path: /videos/, group: g1 }
                  - { path: /big.bin, range: 0-99, group: g1 }
                  - { path: /big.bin, range: 100-199, group: g2 }
            """);
    assertThat(run("apply", "-f", cluster.toString()).exitCode()).isZero();
  }

  private Run run(String... command) {
    String[] all =
        Stream.concat(Arrays.stream(command), Stream.of("-c", baton.toString()))
            .toArray(String[]::new);
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    int exitCode = line.execute(all);
    return new Run(exitCode, out.toString(), err.toString());
  }

  private Map<String, Object> lookup(String... arguments) throws IOException {
    Run run =
        run(
            Stream.concat(Stream.of("lookup", "--json"), Arrays.stream(arguments))
                .toArray(String[]::new));
    assertThat(run.exitCode()).as(run.err()).isZero();
    return JSON.std.mapFrom(run.out());
  }

  private static List<String> copies(Map<String, Object> result, String... fields) {
    List<?> copies = (List<?>) Objects.requireNonNull(result.get("copies"));
    return copies.stream()
        .map(copy -> (Map<?, ?>) copy)
        .map(copy ->
            Arrays.stream(fields)
                .map(field -> String.valueOf(copy.get(field)))
                .collect(Collectors.joining(" ")))
        .toList();
  }

  @ParameterizedTest
  @CsvSource({
    "http://www.example.org/a,              , hand over to qure-2,",
    "http://WWW.example.org/,               , hand over to qure-2,",
    "http://www.example.org.qure-3.cloud/,  , 503: this node has no copy that serves, NO_NODE_UP",
    "http://x.example.net:8080/a?b,         , 307 to http://x.example.net.far-1.cloud:8080/a?b,"
        + " REDIRECTED_TO_PUBLIC",
    "http://x.example.net/a?b,              , 307 to http://x.example.net.far-1.cloud/a?b,"
        + " REDIRECTED_TO_PUBLIC",
    "http://nobody.example/,                , 404: no site of this name is served here,"
        + " UNKNOWN_HOST",
    "http://split.example.org/big.bin, 10-20, hand over to qure-2,",
    "http://split.example.org/big.bin, 90-120, put the answer together from the pieces of several"
        + " nodes,",
    "http://split.example.org/other,        , 404: no part of this site holds the path, NO_PART",
  })
  void theDecision(String url, String range, String decision, String reason) throws IOException {
    Map<String, Object> result = range == null ? lookup(url) : lookup(url, "--range", range);
    assertThat(result).containsEntry("decision", decision);
    assertThat(result.get("reason")).isEqualTo(reason);
  }

  @Test
  void reasonsAgainstEachCopy() throws IOException {
    Map<String, Object> result = lookup("http://www.example.org/");
    assertThat(result)
        .containsEntry("site", "www.example.org")
        .containsEntry("part", "/")
        .containsEntry("controller", "none answers: nodes are taken for well and idle");
    assertThat(copies(result, "node", "role", "against"))
        .containsExactly(
            "qure-2 local []",
            "qure-3 local [it is draining]",
            "qure-4 local [it has no address of the client's family]",
            "far-1 public []");
    String table = run("lookup", "http://www.example.org/").out();
    assertThat(table).containsPattern("PART +NODE +ROLE").contains("decision: hand over to qure-2");
    assertThat(lookup("http://split.example.org/videos/", "--client", "2001:db8::1"))
        .containsEntry("decision", "503: no node that hosts this site is reached over IPv6");
  }

  @Test
  void thePiecesOfAnAnswer() throws IOException {
    assertThat(copies(lookup("http://split.example.org/big.bin"), "part"))
        .containsExactly("/big.bin 0-99", "/big.bin 100-199");
  }

  @Test
  void whatIsNoUrlIsRefused() {
    assertThat(run("lookup", "ftp://a/").exitCode()).isEqualTo(2);
    assertThat(run("lookup", "http://a/ b").exitCode()).isEqualTo(2);
    Run nobody = run("lookup", "http://a/", "--client", "nobody");
    assertThat(nobody.exitCode()).isEqualTo(2);
    assertThat(nobody.err().lines()).singleElement().asString().contains("--client");
  }

  @Test
  void aNodeIsDrainedAndBack() throws IOException {
    Run drained = run("node", "drain", "qure-2", "--wait");
    assertThat(drained.exitCode()).as(drained.err()).isZero();
    assertThat(drained.out()).contains("qure-2 is draining; flows left: 0");
    assertThat(lookup("http://www.example.org/"))
        .containsEntry("decision", "307 to http://www.example.org.far-1.cloud/");
    assertThat(run("node", "up", "qure-2").exitCode()).isZero();
    assertThat(lookup("http://www.example.org/")).containsEntry("decision", "hand over to qure-2");
    Run nobody = run("node", "drain", "nobody");
    assertThat(nobody.exitCode()).isEqualTo(2);
    assertThat(nobody.err().lines()).hasSize(1);
  }
}
