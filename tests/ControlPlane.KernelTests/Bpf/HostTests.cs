using System.Diagnostics;
using System.Globalization;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Hosting;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Probing;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Bpf;

/// <summary>Probes, preflight, locks.</summary>
public sealed class HostTests
{
    [Fact]
    public void Probes_FindWhatThisKernelHas()
    {
        using var testbed = new KernelTestbed();
        var facts = testbed.Kernel.Host;
        Assert.Equal(Shell.Run("uname", "-r").Trim(), facts.KernelRelease);
        Assert.Equal(Shell.Run("uname", "-m").Trim(), facts.Machine);
        Assert.Matches(@"^1\.\d+", facts.LibbpfVersion!);
        Assert.False(facts.Simulated);

        // The floor of the project has these; the others depend on the kernel the tests run on.
        foreach (var name in new[]
        {
            KernelFeatureNames.DevmapHash, KernelFeatureNames.EgressPrograms, KernelFeatureNames.XdpLink,
            KernelFeatureNames.Broadcast, KernelFeatureNames.RawTracepoints, KernelFeatureNames.TimedConfirmation, KernelFeatureNames.RevertByDrops, KernelFeatureNames.DropCounters,
            KernelFeatureNames.RedirectPeer,
        })
            Assert.True(facts.Features.Single(f => f.Name == name).Available, name);
        Assert.Equal(
            typeof(KernelFeatureNames).GetFields().Select(f => (string)f.GetRawConstantValue()!).Order(StringComparer.Ordinal),
            facts.Features.Select(f => f.Name).Order(StringComparer.Ordinal));
        Assert.All(facts.Features, f => Assert.Equal(f.Available, f.Detail is null));
        Assert.Same(facts, testbed.Kernel.Host);
    }

    [Fact]
    public void Probes_OfLaterFeatures_AgreeWithTheKernelsVersion()
    {
        var release = Shell.Run("uname", "-r").Split('.');
        var version = new Version(int.Parse(release[0], null), int.Parse(release[1], null));
        foreach (var feature in KernelFeatureProbes.Run())
            Assert.True(feature.Available == (version >= Version.Parse(feature.Since)), $"{feature} on {version}");
    }

    [Theory]
    [InlineData("True", "SharedMount", "shared:9", "33 24 0:30 / /sys/fs/bpf rw shared:9 - bpf bpf rw")]
    [InlineData("True", "SharedMount", "", "33 24 0:30 / /elsewhere rw - bpf bpf rw")]
    [InlineData("False", "PrivateMount", "", "33 24 0:31 / /sys/fs/bpf rw shared:9 - bpf bpf rw")]
    [InlineData("False", "PrivateMount", "master:9", "33 24 0:31 / /sys/fs/bpf rw shared:9 - bpf bpf rw")]
    [InlineData("True", "PropagatedMount", "master:9", null)]
    [InlineData("True", "PropagatedMount", "shared:9 master:7", null)]
    [InlineData("Unknown", "NotVisible", "", null)]
    public void BpffsLifetime_FollowsFromTheMounts(string status, string reason, string propagation, string? init)
    {
        string[] own = ["24 1 0:5 / / rw - ext4 /dev/vda rw", $"33 24 0:30 / /sys/fs/bpf rw{(propagation.Length > 0 ? " " : "")}{propagation} - bpf bpf rw"];
        var condition = BpffsLifetime.Judge("/sys/fs/bpf/devmapd", (0, 30), own, init is null ? null : [own[0], init]);
        Assert.Equal((status, reason), (condition.Status.ToString(), condition.Reason));
        Assert.Equal(status == "True", condition.Remedy is null);
    }

    [Fact]
    public void Identity_IsOfTheNetworkNamespace_AndIsKeptInThePins()
    {
        using var testbed = new KernelTestbed();
        var (here, pinRoot) = (HostIdentity.Current(LabNames.Bpffs), testbed.PinRoot);
        using var other = NetworkNamespace.Create();
        var there = other.Run(() => HostIdentity.Current(LabNames.Bpffs));
        Assert.NotEqual(0ul, here.NamespaceCookie);
        Assert.True(here.HasSameBoot(there));
        Assert.False(here.HasSameNamespace(there));
        Assert.True(here.HasSameNamespace(here with { NamespaceInode = 1, DeviceMinor = 9 }));
        Assert.Equal(here, HostIdentity.Parse(here.ToString()));
        Assert.Null(HostIdentity.Parse("not an identity"));
        Assert.Equal(here, PinnedIdentity.Read(pinRoot));
        Assert.Contains($"net:[{there.NamespaceInode}]", there.DescribeNamespace(), StringComparison.Ordinal);
    }

    [Fact]
    public void Preflight_HereWithABpffs_FindsNothing()
    {
        Assert.Empty(KernelPreflight.Check("/sys/fs/bpf/devmapd-test-none/deeper"));
    }

    [Fact]
    public void Preflight_NoBpffs_SaysWhatToMount()
    {
        var fault = Assert.Single(KernelPreflight.Check("/dev/shm/nowhere/devmapd"));
        Assert.Contains("bpffs (checked /dev/shm)", fault.Problem, StringComparison.Ordinal);
        Assert.Contains("mount -t bpf bpf /sys/fs/bpf", fault.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0ul, ": CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON needed")]
    [InlineData(1ul << 39, ": CAP_NET_ADMIN, CAP_PERFMON needed")]
    [InlineData((1ul << 39) | (1ul << 12), ": CAP_PERFMON needed")]
    [InlineData((1ul << 39) | (1ul << 38) | (1ul << 12), null)]
    [InlineData(1ul << 21, ": CAP_NET_ADMIN needed")]
    [InlineData((1ul << 21) | (1ul << 12), null)]
    public void Preflight_Privileges_NamesWhatIsMissing(ulong effective, string? missing)
    {
        var fault = KernelPreflight.CheckPrivileges(effective);
        Assert.Equal(missing is null, fault is null);
        if (missing is not null)
            Assert.Contains(missing, fault!.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/sys/fs/bpf")]
    [InlineData("/dev/shm")]
    public void DirectoryLock_HeldElsewhere_NamesTheHolder(string parent)
    {
        var folder = Path.Combine(parent, $"devmapd-test-lock-{Environment.ProcessId}");
        try
        {
            using (DirectoryLock.Acquire(folder))
            {
                // Another open of the same directory, here by the same process, does not get it.
                var e = Assert.Throws<DirectoryLockedException>(() => DirectoryLock.Acquire(folder));
                Assert.Equal(Environment.ProcessId, e.ProcessId);
                Assert.Contains($"process {Environment.ProcessId}", e.Message, StringComparison.Ordinal);
            }

            DirectoryLock.Acquire(folder).Dispose();
        }
        finally
        {
            Directory.Delete(folder);
        }
    }

    [Fact]
    public void DirectoryLock_GivenBackWhileAChildHasTheOpenDirectory_IsFree()
    {
        var folder = Directory.CreateTempSubdirectory("devmapd-test-lock-").FullName;
        try
        {
            // As a child process has it, between fork and execve.
            var copy = -1;
            using (DirectoryLock.Acquire(folder))
            {
                var held = Directory.EnumerateFileSystemEntries("/proc/self/fd").Single(file => new FileInfo(file).LinkTarget == folder);
                copy = Libc.fcntl(int.Parse(Path.GetFileName(held), CultureInfo.InvariantCulture), Libc.F_DUPFD_CLOEXEC, 0);
                Assert.InRange(copy, 0, int.MaxValue);
            }

            using var again = DirectoryLock.Acquire(folder);
            _ = Libc.close(copy);
        }
        finally
        {
            Directory.Delete(folder);
        }
    }

    [Fact]
    public void DirectoryLock_OfAProcessThatIsKilled_IsFree()
    {
        var folder = Directory.CreateTempSubdirectory("devmapd-test-lock-").FullName;
        try
        {
            using var holder = Process.Start(new ProcessStartInfo("flock", ["--no-fork", folder, "sh", "-c", "echo locked; exec sleep 60"]) { RedirectStandardOutput = true })!;
            Assert.Equal("locked", holder.StandardOutput.ReadLine());
            Assert.Equal(holder.Id, Assert.Throws<DirectoryLockedException>(() => DirectoryLock.Acquire(folder)).ProcessId);
            holder.Kill();
            holder.WaitForExit();
            DirectoryLock.Acquire(folder).Dispose();
        }
        finally
        {
            Directory.Delete(folder);
        }
    }
}
