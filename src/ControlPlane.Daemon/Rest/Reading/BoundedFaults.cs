using ControlPlane.Core.Errors;

namespace ControlPlane.Daemon.Rest.Reading;

/// <summary>All faults of one request are told, but a request made of nothing else gets no answer of megabytes.</summary>
internal static class BoundedFaults
{
    /// <summary>Most faults the face adds to one request; the service's own come on top.</summary>
    public const int Most = 100;

    /// <summary>Adds a fault while there are not too many; the last one says that there are more.</summary>
    public static void AddBounded(this Violations faults, string field, string message)
    {
        if (faults.Found.Count < Most - 1)
            faults.Add(field, message);
        else if (faults.Found.Count == Most - 1)
            faults.Add("request", "has more faults than are told here");
    }
}
