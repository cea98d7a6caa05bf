using System.Reflection;
using ControlPlane.Core.Errors;
using ControlPlane.EndToEndTests.Support;
using Remedy = ControlPlane.Core.Errors.Remedy;

namespace ControlPlane.EndToEndTests;

/// <summary>Every remedy of the catalogue that has commands or a request is followed by a test, or has a reason why none can.</summary>
public sealed class RemedyCoverageTests
{
    private static readonly Dictionary<string, int> _errnos = new()
    {
        ["EBUSY"] = Errno.EBUSY, ["EOPNOTSUPP"] = Errno.EOPNOTSUPP, ["ERANGE"] = Errno.ERANGE, ["ENOSPC"] = Errno.ENOSPC, ["EINVAL"] = Errno.EINVAL,
    };

    private static readonly Dictionary<string, string> _reasons = new()
    {
        ["AttachmentErrors.NoTcx"] = "only kernels before Linux 6.6 refuse so; the request is that of CommonRemedies.Attach",
        ["AttachmentErrors.Refused EINVAL"] = "only drivers of hardware refuse so; the request is that of the refusal with EOPNOTSUPP",
        ["CommonRemedies.CorrectFiles"] = "the daemon of a test is no unit of systemd; TableFileTests reload it by its signal",
        ["CommonRemedies.TagsInFrames"] = "only hardware takes tags out of received frames",
        ["DevmapErrors.ConfirmationPending"] = "ConfirmationTests make the call of the remedy",
        ["DevmapErrors.TooSmall"] = "the request is that of DevmapErrors.Full",
        ["DevmapErrors.WatcherTooSlow"] = "the request is that of DevmapErrors.Compacted",
    };

    [Fact]
    public void EveryRemedy_IsFollowedByATestOrHasAReason()
    {
        var followed = Tests().SelectMany(m => m.GetCustomAttributes<FollowsAttribute>()).Select(a => a.Remedy).ToHashSet();
        var all = Remedies().Where(r => r.Remedy is { Commands.Count: > 0 } or { Call: not null }).Select(r => r.Name).ToHashSet();

        Assert.Empty(all.Except(followed).Except(_reasons.Keys).Order());
        Assert.Empty(followed.Union(_reasons.Keys).Except(all).Order());
        Assert.Empty(followed.Intersect(_reasons.Keys));
    }

    [Fact]
    public void NoRemedy_HasAPlaceholder() =>
        Assert.All(Remedies().Concat(Remedies(withNulls: true)), r => Assert.DoesNotMatch("(^|[^A-Za-z_])(INTERFACE|TARGET|DEVMAP|PEER)($|[^A-Za-z_])", $"{r.Remedy?.Summary} {string.Join(' ', r.Remedy?.Commands ?? [])} {r.Remedy?.Call}"));

    [Fact]
    public void EveryFollowingMethod_IsATest() =>
        Assert.All(Tests().Where(m => m.IsDefined(typeof(FollowsAttribute))), m => Assert.True(m.IsDefined(typeof(FactAttribute)), m.Name));

    private static IEnumerable<MethodInfo> Tests() =>
        typeof(RemedyCoverageTests).Assembly.GetTypes().SelectMany(t => t.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly));

    private static IEnumerable<(string Name, Remedy? Remedy)> Remedies(bool withNulls = false)
    {
        foreach (var type in typeof(Remedy).Assembly.GetTypes().Where(t => t.IsPublic && t.Namespace == typeof(Remedy).Namespace))
        {
            foreach (var method in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly))
            {
                if (method.ReturnType != typeof(Remedy) && method.ReturnType != typeof(Error))
                    continue;
                var name = $"{type.Name}.{method.Name}";
                if (method.GetParameters().Any(p => p.Name == "errno" && p.ParameterType == typeof(int)))
                {
                    foreach (var (errno, number) in _errnos)
                        yield return ($"{name} {errno}", Make(method, number, withNulls));
                }
                else
                {
                    yield return (name, Make(method, 1, withNulls));
                }
            }
        }
    }

    private static Remedy? Make(MethodInfo method, int errno, bool withNulls)
    {
        var made = method.Invoke(null, [.. method.GetParameters().Select(p => withNulls && new NullabilityInfoContext().Create(p).WriteState == NullabilityState.Nullable ? null : Sample(p, errno))]);
        return made as Remedy ?? (made as Error)?.Remedy;
    }

    private static object? Sample(ParameterInfo parameter, int errno)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        return type == typeof(string) ? parameter.Name == "mode" ? "native" : "veth-a"
            : type == typeof(int) ? parameter.Name == "errno" ? errno : 1
            : type == typeof(TimeSpan) ? TimeSpan.FromSeconds(1)
            : type == typeof(uint) ? 1u
            : type == typeof(byte) ? (byte)1
            : type == typeof(long) ? 1L
            : type == typeof(bool) ? false
            : type == typeof(DateTimeOffset) ? DateTimeOffset.UnixEpoch
            : type.IsAssignableFrom(typeof((string, Error)[])) ? new[] { ("items[0]", RequestErrors.Internal()) }
            : type == typeof((string, Error)) ? ("items[0]", RequestErrors.Internal())
            : type == typeof(AttachmentWrite) ? new AttachmentWrite("default", "veth-a")
            : type == typeof((AttachmentWrite, string)) ? (new AttachmentWrite("default", "veth-a"), "native")
            : type == typeof((string, uint)) ? ("native", 1u)
            : type == typeof(PeerPlace) ? new PeerPlace("eth0", 7, "left")
            : type == typeof(KernelException) ? new KernelException("bpf", Errno.EINVAL, "EINVAL")
            : type.IsAssignableFrom(typeof(string[])) ? new[] { "veth-a" }
            : type.IsAssignableFrom(typeof(FieldViolation[])) ? Array.Empty<FieldViolation>()
            : type.IsAssignableFrom(typeof(long[])) ? Array.Empty<long>()
            : throw new InvalidOperationException($"no sample of {type} for {parameter.Name}");
    }
}
