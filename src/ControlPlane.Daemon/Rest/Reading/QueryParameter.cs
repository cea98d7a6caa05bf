namespace ControlPlane.Daemon.Rest.Reading;

/// <summary>
/// A parameter an operation takes in its query: what the reader accepts and what the OpenAPI document says. It has an example only
/// where the operation needs it, for Swagger UI fills that in, and a list with every filter set shows nothing.
/// </summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does.</param>
internal sealed record QueryParameter(string Name, string Description)
{
    /// <summary>Whether it may be given more than once.</summary>
    public bool Repeated { get; init; }

    /// <summary>The least and the greatest whole number it takes; null for a text.</summary>
    public (int Least, int Greatest)? Range { get; init; }

    /// <summary>Whether it is a revision: a whole number of 64 bits, not negative.</summary>
    public bool IsRevision { get; init; }

    /// <summary>A value that works as it stands, where one must be given.</summary>
    public string? Example { get; init; }

    /// <summary>What a whole number is when it is left out.</summary>
    public int? Default { get; init; }

    /// <summary>The only texts it takes; empty for any.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];
}
