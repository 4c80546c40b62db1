package dev.baton.probe;

import dev.baton.address.Ip;
import dev.baton.directory.ClientAddress;
import dev.baton.directory.Node;
import dev.baton.proxy.ProxyHeader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;

/** Connects to a node's server as the server expects it. */
public final class NodeSocket {
  private NodeSocket() {}

  /**
   * Connects, and says by a PROXY header that the connection is the DMZ node's own, where the node
   * demands one.
   *
   * @param address one of the node's
   * @param port one of its ports
   * @param timeoutMillis to connect; later for each reading
   */
  public static Socket connect(Node node, Ip address, int port, int timeoutMillis)
      throws IOException {
    Socket socket = new Socket();
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(timeoutMillis);
      socket.connect(new InetSocketAddress(address.toInet(), port), timeoutMillis);
      OutputStream out = socket.getOutputStream();
      if (node.clientAddress() == ClientAddress.PROXY_V1) {
        out.write(ProxyHeader.ownV1());
      } else if (node.clientAddress() == ClientAddress.PROXY_V2) {
        out.write(ProxyHeader.ownV2());
      }
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }
}
