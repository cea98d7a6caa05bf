namespace ControlPlane.EndToEndTests.Crashes;

/// <summary>The daemon refused.</summary>
/// <param name="code">The code of the catalogue.</param>
/// <param name="detail">The detail of the answer.</param>
internal sealed class RefusedException(string code, string? detail) : Exception($"{code}: {detail}")
{
    public string Code => code;
}
