namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>One wrong field of a request.</summary>
internal sealed class FieldProblemResource
{
    /// <summary>
    /// Which: the path of a field of the body (`parameters.vlanId`), the name of a parameter (`key`, `pageSize`), or `body`
    /// for the body as a whole.
    /// </summary>
    /// <example>interface</example>
    public required string Field { get; init; }

    /// <summary>What is wrong with it and what would be right.</summary>
    /// <example>is required</example>
    public required string Message { get; init; }
}
