namespace ControlPlane.Core.Errors;

/// <summary>The errors about who may do what.</summary>
public static class AccessErrors
{
    private static readonly Remedy SendToken = new(
        "Send a token: the header 'Authorization: Bearer SECRET', or over gRPC the metadata 'authorization'. An administrator creates one with 'devmapd token create'. Root needs none on the unix socket.");

    /// <summary>The request has no credentials.</summary>
    public static Error NoCredentials() =>
        new(ErrorCode.Unauthenticated, "The request does not say who sends it: over TCP it needs a token or a client certificate.") { Remedy = SendToken };

    /// <summary>The header Authorization has another form than a bearer token.</summary>
    public static Error NotBearer() =>
        new(ErrorCode.Unauthenticated, "The header Authorization must be given once, as 'Bearer SECRET'.") { Remedy = SendToken };

    /// <summary>No token has the secret.</summary>
    public static Error UnknownToken() =>
        new(ErrorCode.Unauthenticated, "There is no token with this secret; it may have been deleted.") { Remedy = SendToken };

    /// <summary>The time of a token is over.</summary>
    public static Error ExpiredToken(string token) =>
        new(ErrorCode.Unauthenticated, $"The token '{token}' has expired.") { Remedy = SendToken };

    /// <summary>A login link was used before, or is too old.</summary>
    public static Error LoginLinkUsed() =>
        new(ErrorCode.Unauthenticated, "The login link was used before, or it is too old.")
        {
            Remedy = new Remedy("Start the daemon again for another link; or authorize with a token."),
        };

    /// <summary>The caller needs a higher role.</summary>
    /// <param name="caller">Who asks, in words.</param>
    /// <param name="role">The role of the caller; null for none.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="needed">The role that the operation needs.</param>
    public static Error RoleNeeded(string caller, string? role, string operation, string needed) =>
        new(ErrorCode.PermissionDenied, $"{operation} needs the role {needed}, and the caller ({caller}) has {(role is null ? "no role" : $"the role {role}")}.")
        {
            Remedy = new Remedy($"Use a token with the role {needed}, or the unix socket as a user with that role."),
        };

    /// <summary>A token with limits asks for something else than the write of an entry or a lease.</summary>
    public static Error LimitedToken(string token, string operation) =>
        new(ErrorCode.PermissionDenied, $"The token '{token}' has limits, and of all writes may make those of entries and leases only, not {operation}.")
        {
            Remedy = new Remedy("Use a token without limits."),
        };

    /// <summary>A limit of a token excludes an entry.</summary>
    /// <param name="token">The token.</param>
    /// <param name="limit">The limit: <c>devmaps</c>, <c>owners</c> or <c>keyRanges</c>.</param>
    /// <param name="allowed">The values that the limit allows.</param>
    /// <param name="resource">The resource.</param>
    /// <param name="found">The value of the resource, in words.</param>
    public static Error OutsideLimit(string token, string limit, IEnumerable<string> allowed, string resource, string found) =>
        new(ErrorCode.PermissionDenied, $"The token '{token}' is limited to the {limit} {string.Join(", ", allowed)}, and '{resource}' {found}.")
        {
            Resource = resource,
            Remedy = new Remedy("Use a token whose limits include the entry."),
        };

    /// <summary>A change comes by the cookie of the login link, and not from a page of the daemon.</summary>
    public static Error CookieFromElsewhere(string? site) =>
        new(ErrorCode.PermissionDenied, $"The login cookie allows changes by this daemon's own pages only (Sec-Fetch-Site: same-origin, not '{site}').")
        {
            Remedy = new Remedy("Use a token."),
        };

    /// <summary>There is no such token.</summary>
    public static Error TokenNotFound(string token) => new(ErrorCode.TokenNotFound, $"There is no token '{token}'.")
    {
        Resource = $"tokens/{token}",
        Remedy = new Remedy("Name one of the tokens.", Calls.ListTokens()),
    };

    /// <summary>There is a token of this name already.</summary>
    public static Error TokenExists(string token) => new(ErrorCode.AlreadyExists, $"There is a token '{token}' already.")
    {
        Resource = $"tokens/{token}",
        IsAddressed = true,
        Remedy = new Remedy("Use another name, or delete the token first.", Calls.DeleteToken(token)),
    };
}
