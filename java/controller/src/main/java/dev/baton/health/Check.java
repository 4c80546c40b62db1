package dev.baton.health;

import dev.baton.address.Ip;
import dev.baton.directory.HealthCheck;
import dev.baton.directory.Node;
import dev.baton.probe.NodeHttp;
import dev.baton.probe.NodeSocket;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** One look at one node. */
final class Check {
  private static final SSLContext ANY_CERTIFICATE = anyCertificate();

  private Check() {}

  /**
   * Tries what the node's check says, at each of its addresses; a node without one is tried by a
   * TCP connection.
   *
   * @return empty if it is well; else one line that says what is wrong
   */
  static String run(Node node) {
    for (Ip address : node.addresses()) {
      try {
        String wrong = run(node, address);
        if (!wrong.isEmpty()) {
          return address + ": " + wrong;
        }
      } catch (IOException | RuntimeException e) {
        return address + ": " + (e.getMessage() == null ? e.toString() : e.getMessage());
      }
    }
    return "";
  }

  private static String run(Node node, Ip address) throws IOException {
    HealthCheck check = node.check();
    int timeout = Math.toIntExact(check.timeout().toMillis());
    switch (check.kind()) {
      case NONE, TCP -> NodeSocket.connect(node, address, node.port(), timeout).close();
      case HTTP -> {
        String host = check.host().isEmpty() ? address.withPort(node.port()) : check.host();
        int status = new NodeHttp(node, address, host, check.timeout()).get(check.path()).status();
        if (status < check.statusFirst() || status > check.statusLast()) {
          return "status " + status;
        }
      }
      case TLS -> shakeHands(node, address, timeout);
    }
    return "";
  }

  private static void shakeHands(Node node, Ip address, int timeout) throws IOException {
    String name = node.check().host();
    try (Socket plain = NodeSocket.connect(node, address, node.tlsPort(), timeout);
        SSLSocket tls =
            (SSLSocket)
                ANY_CERTIFICATE
                    .getSocketFactory()
                    .createSocket(plain, address.toString(), node.tlsPort(), true)) {
      if (!name.isEmpty()) {
        SSLParameters parameters = tls.getSSLParameters();
        parameters.setServerNames(List.of(new SNIHostName(name)));
        tls.setSSLParameters(parameters);
      }
      tls.startHandshake();
    }
  }

  /** The node is asked whether it works, and told nothing: whom it claims to be is no matter. */
  private static SSLContext anyCertificate() {
    X509TrustManager all =
        new X509TrustManager() {
          @Override
          public void checkClientTrusted(X509Certificate[] chain, String type) {}

          @Override
          public void checkServerTrusted(X509Certificate[] chain, String type) {}

          @Override
          public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
          }
        };
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {all}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JVM has no TLS", e);
    }
  }
}
