package dev.baton.directory;

/** Where nodes and sites are kept; read whole, never in the way of a connection. */
public interface Directory extends AutoCloseable {
  /**
   * Everything, as of one moment.
   *
   * @throws DirectoryException if it cannot be read
   */
  Snapshot read();

  /**
   * Grows whenever the contents may have changed, whoever changed them; cheap enough to ask several
   * times a second. Counts from 1 in each process: two processes' versions cannot be compared.
   *
   * @throws DirectoryException if it cannot be told
   */
  long version();

  /** Gives back what was opened; closing twice is allowed. */
  @Override
  void close();
}
