package dev.baton.directory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.address.Ip;
import java.net.InetAddress;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SnapshotTest {
  private static final Node NODE =
      new Node("n", List.of(Ip.of(InetAddress.ofLiteral("10.0.0.1"))), 80, Node.State.UP, 1);

  private static final Snapshot WITH_DEFAULT =
      snapshot("www.example.org", "*.example.org", "*.deep.example.org", "10.0.0.1", "default");

  @ParameterizedTest(name = "{0}: {2}")
  @CsvSource(
      delimiter = '|',
      nullValues = "null",
      textBlock =
          """
          www.example.org       | www.example.org    | the exact name comes before the wildcard
          a.example.org         | *.example.org      | one label below a wildcard
          a.b.c.example.org     | *.example.org      | any depth below a wildcard
          a.deep.example.org    | *.deep.example.org | the longest wildcard wins
          deep.example.org      | *.example.org      | a wildcard is not the name itself
          example.org           | default            | a wildcard is not the name itself
          aexample.org          | default            | a wildcard begins at a dot
          www.example.org.evil  | default            | a wildcard ends with the name
          10.0.0.1              | 10.0.0.1           | an address is as good as a name
          [::1]                 | default            | another address
          null                  | default            | a request without a host
          default               | default            | a host of that very name
          """)
  void aHostLeadsToItsSite(String host, String site, String why) {
    assertThat(WITH_DEFAULT.find(host)).as(why).extracting(Site::host).isEqualTo(site);
  }

  @Test
  void withoutADefaultSiteThereMayBeNone() {
    Snapshot snapshot = snapshot("www.example.org", "*.example.org");
    assertThat(snapshot.find("example.org")).isNull();
    assertThat(snapshot.find("default")).isNull();
    assertThat(snapshot.find(null)).isNull();
    assertThat(Snapshot.empty().find("a")).isNull();
  }

  private static Snapshot snapshot(String... hosts) {
    return new Snapshot(
        1,
        List.of(NODE),
        Stream.of(hosts).map(host -> Site.whole(1, host, List.of(NODE), 0)).toList());
  }
}
