package dev.baton.dns;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.address.Ip;
import dev.baton.config.BatonConfig;
import dev.baton.config.DnsSettings;
import dev.baton.directory.ClientAddress;
import dev.baton.directory.HealthCheck;
import dev.baton.directory.Node;
import dev.baton.directory.NodeLimits;
import dev.baton.directory.Site;
import dev.baton.directory.Snapshot;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

class ResponderTest {
  private static final BatonConfig CONFIG =
      BatonConfig.parse(
          "baton.yaml",
          """
          node: qure-1
          cluster-domain: cloud.example
          listen: [{ address: 192.0.2.1, port: 80, protocol: http }]
          interfaces: { public: d0, cluster: d1 }
          cluster-address: [10.0.2.1]
          dns:
            listen: 192.0.2.1:53
            addresses: [192.0.2.1, "2001:db8::1"]
            name-servers: [ns1.example.net, ns2.example.net]
            contact: hostmaster.example.net
            ttl: 30s
          """);

  private static final DnsSettings SETTINGS = CONFIG.dns().orElseThrow();
  private static final Zones ZONES = zones();

  private final Responder responder = new Responder(SETTINGS);

  private static Zones zones() {
    Node local = new Node("qure-2", ips("10.0.2.11"), 80, Node.State.UP, 1);
    Node outside =
        new Node(
            "far",
            ips("198.51.100.7", "2001:db8:7::1"),
            80,
            443,
            Node.State.UP,
            1,
            ClientAddress.OPTION,
            Node.Role.PUBLIC,
            NodeLimits.NONE,
            HealthCheck.DEFAULT);
    List<Node> nodes = List.of(local, outside);
    List<Site> sites =
        List.of(
            Site.whole(1, "www.example.com", nodes, 0),
            Site.whole(2, "*.example.org", nodes, 0),
            Site.whole(3, "default", nodes, 0),
            Site.whole(4, "10.1.2.3", nodes, 0));
    return new Zones(new Snapshot(7, nodes, sites), CONFIG, SETTINGS);
  }

  private static List<Ip> ips(String... literals) {
    return java.util.Arrays.stream(literals).map(l -> Ip.of(InetAddress.ofLiteral(l))).toList();
  }

  @ParameterizedTest(name = "{0} {1}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          www.example.com.                     | A    | NOERROR  | 192.0.2.1
          WwW.eXample.com.                     | A    | NOERROR  | 192.0.2.1
          www.example.com.                     | AAAA | NOERROR  | 2001:db8:0:0:0:0:0:1
          www.example.com.                     | MX   | NOERROR  | ''
          a.www.example.com.                   | A    | NXDOMAIN | ''
          example.com.                         | A    | REFUSED  | ''
          a.b.example.org.                     | A    | NOERROR  | 192.0.2.1
          example.org.                         | A    | NOERROR  | ''
          www.example.com.qure-2.cloud.example.| A    | NOERROR  | 192.0.2.1
          qure-2.cloud.example.                | AAAA | NOERROR  | 2001:db8:0:0:0:0:0:1
          www.example.com.far.cloud.example.   | A    | NOERROR  | 198.51.100.7
          www.example.com.far.cloud.example.   | AAAA | NOERROR  | 2001:db8:7:0:0:0:0:1
          www.example.com.none.cloud.example.  | A    | REFUSED  | ''
          cloud.example.                       | A    | REFUSED  | ''
          default.                             | A    | REFUSED  | ''
          10.1.2.3.                            | A    | REFUSED  | ''
          .                                    | A    | REFUSED  | ''
          www.example.com.                     | AXFR | REFUSED  | ''
          """)
  void aNameLeadsWhereItsSiteOrNodeIs(String name, String type, String rcode, String address)
      throws IOException {
    Message answer = ask(name, Type.value(type));
    assertThat(Rcode.string(answer.getRcode())).isEqualTo(rcode);
    assertThat(answer.getSection(Section.ANSWER).stream().map(Record::rdataToString))
        .containsExactlyElementsOf(address.isEmpty() ? List.of() : List.of(address));
    assertThat(answer.getHeader().getFlag(Flags.AA)).isEqualTo(!rcode.equals("REFUSED"));
    assertThat(answer.getHeader().getFlag(Flags.RA)).isFalse();
  }

  @Test
  void whatIsNotThereComesWithItsZonesAuthority() throws IOException {
    for (String name : List.of("a.www.example.com.", "www.example.com.")) {
      Message answer = ask(name, Type.TXT);
      assertThat(answer.getSection(Section.AUTHORITY))
          .singleElement()
          .asString()
          .startsWith("www.example.com.")
          .contains("SOA\tns1.example.net. hostmaster.example.net. 7 3600 600 604800 30");
    }
    assertThat(ask("a.b.example.org.", Type.MX).getSection(Section.AUTHORITY))
        .singleElement()
        .asString()
        .startsWith("example.org.");
  }

  @Test
  void anApexHasItsServersAndItsAuthority() throws IOException {
    String apex = "far.cloud.example.";
    assertThat(ask(apex, Type.NS).getSection(Section.ANSWER).stream().map(Record::rdataToString))
        .containsExactly("ns1.example.net.", "ns2.example.net.");
    assertThat(ask(apex, Type.SOA).getSection(Section.ANSWER)).hasSize(1);
    assertThat(ask("www.far.cloud.example.", Type.SOA).getSection(Section.ANSWER)).isEmpty();
    assertThat(ask(apex, Type.ANY).getSection(Section.ANSWER))
        .singleElement()
        .extracting(Record::getType)
        .isEqualTo(Type.HINFO);
  }

  @Test
  void anotherClassOperationOrVersionIsTold() throws IOException {
    Message chaos = query("www.example.com.", Type.A, DClass.CH);
    assertThat(answer(chaos).getRcode()).isEqualTo(Rcode.REFUSED);
    Message update = query("www.example.com.", Type.A, DClass.IN);
    update.getHeader().setOpcode(Opcode.UPDATE);
    assertThat(answer(update).getRcode()).isEqualTo(Rcode.NOTIMP);
    Message edns = query("www.example.com.", Type.A, DClass.IN);
    edns.addRecord(new org.xbill.DNS.OPTRecord(4096, 0, 1), Section.ADDITIONAL);
    assertThat(answer(edns).getRcode()).isEqualTo(Rcode.BADVERS);
    assertThat(answer(new Message(5)).getRcode()).isEqualTo(Rcode.FORMERR);
  }

  @Test
  void ednsIsAnsweredInKind() throws IOException {
    Message edns = query("www.example.com.", Type.A, DClass.IN);
    edns.addRecord(new org.xbill.DNS.OPTRecord(4096, 0, 0), Section.ADDITIONAL);
    Message answer = answer(edns);
    assertThat(requireNonNull(answer.getOPT()).getPayloadSize()).isEqualTo(Responder.UDP_MAX);
    assertThat(ask("www.example.com.", Type.A).getOPT()).isNull();
  }

  @Test
  void anAnswerIsNotAnswered() throws IOException {
    Message answer = query("www.example.com.", Type.A, DClass.IN);
    answer.getHeader().setFlag(Flags.QR);
    assertThat(responder.answer(answer, ZONES, true)).isNull();
  }

  private Message ask(String name, int type) throws IOException {
    return answer(query(name, type, DClass.IN));
  }

  private static Message query(String name, int type, int clazz) throws IOException {
    return Message.newQuery(Record.newRecord(Name.fromString(name), type, clazz));
  }

  private Message answer(Message query) throws IOException {
    Message sent = new Message(query.toWire());
    Message answer = new Message(requireNonNull(responder.answer(sent, ZONES, true)));
    assertThat(answer.getHeader().getID()).isEqualTo(query.getHeader().getID());
    assertThat(answer.getHeader().getFlag(Flags.QR)).isTrue();
    return answer;
  }
}
