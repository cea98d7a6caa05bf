using ControlPlane.Core.Errors;

namespace ControlPlane.Daemon.Grpc;

/// <summary>Fields that address a resource. REST has them in the path, where they cannot be missing; here they can.</summary>
internal static class Required
{
    /// <summary>The faults so far of a request with these fields.</summary>
    public static Violations Find(params ReadOnlySpan<(string Name, string Value)> fields)
    {
        var faults = new Violations();
        foreach (var (name, value) in fields)
        {
            if (value.Length == 0)
                faults.Add(name, "must be given");
        }

        return faults;
    }

    /// <summary>Throws if one is missing.</summary>
    public static void Check(params ReadOnlySpan<(string Name, string Value)> fields)
    {
        foreach (var (_, value) in fields)
        {
            if (value.Length == 0)
                Find(fields).ThrowIfAny();
        }
    }
}
