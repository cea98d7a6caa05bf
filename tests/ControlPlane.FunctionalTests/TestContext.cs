namespace ControlPlane.FunctionalTests;

/// <summary>Helpers that every test may need.</summary>
internal static class TestContext
{
    /// <summary>A token that ends a test that hangs.</summary>
    public static CancellationToken Deadline() => new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token;
}
