namespace ControlPlane.EndToEndTests.Crashes;

/// <summary>There was no answer: the daemon has ended, and the write may have happened or not.</summary>
/// <param name="inner">How it showed.</param>
internal sealed class NoAnswerException(Exception inner) : Exception(inner.Message, inner);
