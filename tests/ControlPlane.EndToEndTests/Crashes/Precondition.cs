namespace ControlPlane.EndToEndTests.Crashes;

/// <summary>The precondition of a write on its resource; none by default.</summary>
/// <param name="Revision">The revision it must be at.</param>
/// <param name="MustExist">It must be there. gRPC cannot say this.</param>
/// <param name="MustNotExist">It must not be there.</param>
internal readonly record struct Precondition(long? Revision = null, bool MustExist = false, bool MustNotExist = false);
