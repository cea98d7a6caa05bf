namespace ControlPlane.Core.Errors;

/// <summary>The errors about the store as a whole.</summary>
public static class StoreErrors
{
    /// <summary>A later version of devmapd has written the store.</summary>
    /// <param name="path">The file.</param>
    /// <param name="schema">The schema version of the file.</param>
    /// <param name="writer">The devmapd that brought the file to this schema; null if the file does not say.</param>
    /// <param name="known">The latest schema version that this devmapd knows.</param>
    /// <param name="reader">The version of this devmapd.</param>
    public static Error NewerSchema(string path, int schema, string? writer, int known, string reader) => new(
        ErrorCode.StoreUnavailable,
        $"The store at {path} has schema version {schema}, which {(writer is null ? "a later devmapd" : $"devmapd {writer}")} wrote. This is devmapd {reader}; it knows the versions up to {known}. Nothing was changed.")
    {
        Remedy = new Remedy(
            $"Use devmapd {(writer is null ? "of a later version" : $"{writer} or later")} with this store. Or restore a backup that devmapd {reader} has written. Or move the file away: the daemon then adopts what is pinned, without labels."),
    };
}
