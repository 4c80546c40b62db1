package dev.baton.head;

/** Makes the pages that say no to a client in HTTP. */
@FunctionalInterface
public interface Pages {
  /**
   * A complete HTTP/1.1 response.
   *
   * @param status its status
   * @param detail one sentence for a person
   * @param withoutBody whether the request was HEAD
   */
  byte[] page(int status, String detail, boolean withoutBody);
}
