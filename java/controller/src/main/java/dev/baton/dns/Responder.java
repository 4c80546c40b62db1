package dev.baton.dns;

import dev.baton.address.Ip;
import dev.baton.config.DnsSettings;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.HINFORecord;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.NSRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;

/**
 * Makes the answer to one query (RFC 1034 4.3.2, RFC 2308 for what is not there, RFC 6891 for EDNS,
 * RFC 8482 for ANY). It looks nothing up elsewhere, and transfers no zone.
 */
final class Responder {
  /** What UDP carries without fragments (RFC 9715 advises 1400 at most). */
  static final int UDP_MAX = 1232;

  private static final int REFRESH = 3600;
  private static final int RETRY = 600;
  private static final int EXPIRE = 604_800;
  private static final int EDNS_VERSION = 0;

  private final DnsSettings settings;
  private final Name contact;
  private final List<Name> servers;
  private final long ttl;

  Responder(DnsSettings settings) {
    this.settings = settings;
    contact = absolute(settings.contact());
    servers = settings.nameServers().stream().map(Responder::absolute).toList();
    ttl = settings.ttl().toSeconds();
  }

  static Name absolute(String name) {
    try {
      return Name.fromString(name + ".");
    } catch (TextParseException e) {
      throw new IllegalArgumentException("not a name that DNS can carry: " + name, e);
    }
  }

  /**
   * Answers.
   *
   * @param udp whether the answer must fit a datagram
   * @return null: it deserves none
   */
  byte @Nullable [] answer(Message query, Zones zones, boolean udp) {
    Header asked = query.getHeader();
    if (asked.getFlag(Flags.QR)) {
      return null; // an answer: two servers must not talk to each other for ever
    }
    Message answer = new Message(asked.getID());
    Header header = answer.getHeader();
    header.setFlag(Flags.QR);
    header.setOpcode(asked.getOpcode());
    if (asked.getFlag(Flags.RD)) {
      header.setFlag(Flags.RD);
    }
    Record question = query.getQuestion();
    OPTRecord edns = query.getOPT();
    if (question != null) {
      answer.addRecord(question, Section.QUESTION);
    }
    header.setRcode(fill(answer, query, question, edns, zones));
    int room = Message.MAXLENGTH;
    if (edns != null) {
      int extended = edns.getVersion() > EDNS_VERSION ? Rcode.BADVERS >> 4 : 0;
      answer.addRecord(new OPTRecord(UDP_MAX, extended, EDNS_VERSION), Section.ADDITIONAL);
    }
    if (udp) {
      room = edns == null ? 512 : Math.clamp(edns.getPayloadSize(), 512, UDP_MAX);
    }
    return answer.toWire(room);
  }

  private int fill(
      Message answer,
      Message query,
      @Nullable Record question,
      @Nullable OPTRecord edns,
      Zones zones) {
    if (query.getHeader().getOpcode() != Opcode.QUERY) {
      return Rcode.NOTIMP;
    }
    if (question == null || query.getHeader().getCount(Section.QUESTION) != 1) {
      return Rcode.FORMERR;
    }
    if (edns != null && edns.getVersion() > EDNS_VERSION) {
      return Rcode.NOERROR; // its upper bits, in the OPT record, make it BADVERS
    }
    int type = question.getType();
    if (question.getDClass() != DClass.IN || type == Type.AXFR || type == Type.IXFR) {
      return Rcode.REFUSED;
    }
    Zones.Found found = zones.find(question.getName());
    if (found == null) {
      return Rcode.REFUSED;
    }
    answer.getHeader().setFlag(Flags.AA);
    Name apex = apex(question.getName(), found);
    if (found.exists()) {
      records(answer, question.getName(), type, apex, found, zones);
    }
    if (answer.getSection(Section.ANSWER).isEmpty()) {
      answer.addRecord(authority(apex, zones), Section.AUTHORITY);
    }
    return found.exists() ? Rcode.NOERROR : Rcode.NXDOMAIN;
  }

  /** As the question spells it: its last labels. */
  private static Name apex(Name asked, Zones.Found found) {
    int labels = absolute(found.apex()).labels();
    return new Name(asked, asked.labels() - labels);
  }

  private void records(
      Message answer, Name name, int type, Name apex, Zones.Found found, Zones zones) {
    boolean atApex = name.equals(apex);
    switch (type) {
      case Type.A, Type.AAAA -> {
        for (Ip ip : found.addresses()) {
          if (ip.isV4() == (type == Type.A)) {
            answer.addRecord(
                ip.isV4()
                    ? new ARecord(name, DClass.IN, ttl, ip.toInet())
                    : new AAAARecord(name, DClass.IN, ttl, ip.toInet()),
                Section.ANSWER);
          }
        }
      }
      case Type.SOA -> {
        if (atApex) {
          answer.addRecord(authority(apex, zones), Section.ANSWER);
        }
      }
      case Type.NS -> {
        if (atApex) {
          servers.forEach(server ->
              answer.addRecord(new NSRecord(apex, DClass.IN, ttl, server), Section.ANSWER));
        }
      }
      case Type.ANY ->
          answer.addRecord(new HINFORecord(name, DClass.IN, ttl, "RFC8482", ""), Section.ANSWER);
      default -> {
        // No records of any other type: the answer says so by its authority.
      }
    }
  }

  private Record authority(Name apex, Zones zones) {
    long serial = zones.serial() & 0xffff_ffffL;
    return new SOARecord(
        apex,
        DClass.IN,
        ttl,
        servers.getFirst(),
        contact,
        serial,
        REFRESH,
        RETRY,
        EXPIRE,
        settings.ttl().toSeconds());
  }
}
