namespace ControlPlane.Core.Storing;

/// <summary>The store refused.</summary>
/// <param name="message">What failed, with the path and the store's own words.</param>
/// <param name="inner">The store's own exception.</param>
public sealed class StoreException(string message, Exception? inner = null) : Exception(message, inner);
