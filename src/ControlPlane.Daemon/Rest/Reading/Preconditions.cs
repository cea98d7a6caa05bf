using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using Microsoft.Net.Http.Headers;

namespace ControlPlane.Daemon.Rest.Reading;

/// <summary>
/// Reads <c>If-Match</c> and <c>If-None-Match</c> (RFC 9110, 13.1). An entity tag is a resource's revision in quotes. It stands for
/// what is wanted and not for its status, which changes under one revision: so reads are never answered with 304.
/// </summary>
internal static class Preconditions
{
    /// <summary>The entity tag of a revision.</summary>
    public static string EntityTag(long revision) => string.Create(CultureInfo.InvariantCulture, $"\"{revision}\"");

    /// <summary>The precondition of a write; what is wrong with the headers is added to the faults.</summary>
    public static Precondition Read(IHeaderDictionary headers, Violations faults)
    {
        var mustNotExist = false;
        if (headers.IfNoneMatch.Count > 0)
        {
            mustNotExist = headers.IfNoneMatch is ["*"];
            if (!mustNotExist)
                faults.Add(HeaderNames.IfNoneMatch, "must be *: the resource is not to exist");
        }

        if (headers.IfMatch.Count == 0)
            return new Precondition(MustNotExist: mustNotExist);
        if (headers.IfMatch is ["*"])
            return new Precondition(MustExist: true, MustNotExist: mustNotExist);
        if (headers.IfMatch is [{ } text] && Revision(text) is { } revision)
            return new Precondition(revision, MustNotExist: mustNotExist);
        faults.Add(HeaderNames.IfMatch, "must be * or one entity tag as a read gave it: a revision in quotes");
        return default;
    }

    private static long? Revision(string tag) =>
        tag.Length > 2 && tag[0] == '"' && tag[^1] == '"'
        && long.TryParse(tag.AsSpan(1, tag.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var revision)
            ? revision
            : null;
}
