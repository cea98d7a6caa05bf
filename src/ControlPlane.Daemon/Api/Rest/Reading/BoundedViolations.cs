using ControlPlane.Core.Errors;

namespace ControlPlane.Daemon.Api.Rest.Reading;

/// <summary>All validation errors of a request are reported, but a request made of nothing else gets no answer of megabytes.</summary>
internal static class BoundedViolations
{
    /// <summary>Most validation errors that reading a request adds. The operation's own come on top.</summary>
    public const int Most = 100;

    /// <summary>Adds an error while there are not too many. The last one says that there are more.</summary>
    public static void AddBounded(this Violations violations, string field, string message)
    {
        if (violations.Found.Count < Most - 1)
            violations.Add(field, message);
        else if (violations.Found.Count == Most - 1)
            violations.Add("request", "has more errors than are reported here");
    }
}
