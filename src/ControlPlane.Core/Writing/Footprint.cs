using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing;

/// <summary>
/// What a plan depends on or changes. Plans are made against the published state; two of one batch may not meet, or the
/// second would not know of the first.
/// </summary>
/// <param name="Devmap">The devmap; null for a plan that must be alone in its batch.</param>
/// <param name="Key">The entry's identity.</param>
/// <param name="KernelKey">The entry's kernel key, if it has one.</param>
/// <param name="Target">The interface the entry sends to; null when it is removed.</param>
/// <param name="Program">The egress program the entry carries.</param>
/// <param name="Adds">Whether the devmap has one entry more afterwards.</param>
internal readonly record struct Footprint(
    DevmapState? Devmap, EntryKey Key = default, uint? KernelKey = null, string? Target = null, string? Program = null, bool Adds = false)
{
    /// <summary>A plan that must be alone in its batch.</summary>
    public static Footprint Exclusive => default;
}
