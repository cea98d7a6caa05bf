namespace ControlPlane.EndToEndTests.Crashes;

/// <summary>There was no answer: the daemon is gone, and what was asked may have happened or not.</summary>
/// <param name="inner">How it showed.</param>
internal sealed class NoAnswerException(Exception inner) : Exception(inner.Message, inner);
